SELECT s.title AS "step", sum(o.failed)::double precision AS "failed"
FROM (
    SELECT time, line, station, failed
    FROM dash.output_1m
    WHERE $__timeTo()::timestamptz - $__timeFrom()::timestamptz < INTERVAL '12 hours'
    UNION ALL
    SELECT time, line, station, failed
    FROM dash.output_1h
    WHERE $__timeTo()::timestamptz - $__timeFrom()::timestamptz >= INTERVAL '12 hours'
) AS o
JOIN dash.station AS s ON s.station = o.station
WHERE $__timeFilter(o.time) AND o.line IN (${line:sqlstring})
GROUP BY s.title
ORDER BY 2 DESC
