SELECT d.time AS "time", d.station AS metric, sum(d.score_mean * d.scored) / nullif(sum(d.scored), 0) AS value
FROM dash.model_day AS d
WHERE $__timeFilter(d.time) AND d.line IN (${line:sqlstring})
GROUP BY 1, 2
ORDER BY 1, 2
