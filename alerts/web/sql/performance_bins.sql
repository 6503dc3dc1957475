-- Alarms as they called for somebody, in bins of ten minutes; empty bins are added by the reader.
SELECT floor(extract(epoch FROM event.at) / 600)::bigint AS bin, count(*)
  FROM alert.event
  JOIN alert.alert ON alert.id = event.alert
 WHERE event.what IN ('opened', 'reopened') AND event.at >= %(since)s
   AND (%(line)s::text IS NULL OR alert.line = %(line)s)
 GROUP BY bin
