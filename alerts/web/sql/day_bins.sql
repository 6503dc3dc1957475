-- Calls of one day by line, in bins of ten minutes; empty bins are added by the reader.
SELECT line, floor(extract(epoch FROM at) / 600)::bigint AS bin, count(*)
  FROM (SELECT line, opened_at AS at
          FROM alert.alert
         WHERE opened_at >= %(begin)s AND opened_at < %(end)s
         UNION ALL
        SELECT alert.line, event.at
          FROM alert.event
          JOIN alert.alert ON alert.id = event.alert
         WHERE event.what = 'reopened' AND event.at >= %(begin)s AND event.at < %(end)s) AS called
 GROUP BY line, bin
