SELECT $__timeGroupAlias(time, $__interval), avg(commit_delay_s) AS "mean", max(commit_delay_s) AS "longest"
FROM dash.ingest_rate
WHERE $__timeFilter(time)
GROUP BY 1
ORDER BY 1
