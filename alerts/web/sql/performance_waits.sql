-- Seconds from each call to the acknowledgement that answered it.
SELECT extract(epoch FROM at - called_at)::double precision
  FROM (SELECT event.what, event.at,
               lag(event.at) OVER (PARTITION BY event.alert ORDER BY event.id) AS called_at
          FROM alert.event
          JOIN alert.alert ON alert.id = event.alert
         WHERE event.what IN ('opened', 'reopened', 'acknowledged') AND event.at >= %(since)s
           AND (%(line)s::text IS NULL OR alert.line = %(line)s)) AS answered
 WHERE what = 'acknowledged' AND called_at IS NOT NULL
