-- Seconds from a call to the acknowledgement of this day that answered it.
SELECT alert.line, extract(epoch FROM event.at - called.at)::double precision
  FROM alert.event
  JOIN alert.alert ON alert.id = event.alert
 CROSS JOIN LATERAL (
       SELECT call.at
         FROM alert.event AS call
        WHERE call.alert = event.alert AND call.id < event.id
          AND call.what IN ('opened', 'reopened')
        ORDER BY call.id DESC
        LIMIT 1) AS called
 WHERE event.what = 'acknowledged' AND event.at >= %(begin)s AND event.at < %(end)s
