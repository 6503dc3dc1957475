SELECT
    time_bucket(make_interval(secs => $__interval_ms / 1000.0), o.time) AS "time",
    sum(o.cells)::double precision AS "made",
    min(l.cells_per_second) * $__interval_ms / 1000.0 AS "target"
FROM dash.output_1h AS o
JOIN dash.line AS l ON l.line = o.line
WHERE $__timeFilter(o.time)
  AND o.line IN (${line:sqlstring})
  AND o.station = '{pacemaker}'
GROUP BY 1
ORDER BY 1
