SELECT s.title AS "step", sum(o.failed)::double precision AS "failed"
FROM dash.output_1h AS o
JOIN dash.station AS s ON s.station = o.station
WHERE $__timeFilter(o.time) AND o.line IN (${line:sqlstring})
GROUP BY s.title
ORDER BY 2 DESC
