SELECT
    concat_ws(' · ', s.station, s.reason) AS "stop",
    sum(extract(epoch FROM
        least(s.ended_at, $__timeTo()::timestamptz) - greatest(s.time, $__timeFrom()::timestamptz)
    ))::double precision AS "time lost"
FROM dash.state AS s
WHERE s.time > $__timeFrom()::timestamptz - INTERVAL '1 day'
  AND s.time < $__timeTo()
  AND s.ended_at > $__timeFrom()
  AND s.class = 'stopped'
  AND s.line IN (${line:sqlstring})
GROUP BY 1
ORDER BY 2 DESC
LIMIT 10
