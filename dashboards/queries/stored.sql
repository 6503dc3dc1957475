SELECT
    $__timeGroupAlias(time, $__interval),
    sum("values")::double precision * 1000 / $__interval_ms AS "values/s"
FROM dash.ingest_rate
WHERE $__timeFilter(time)
GROUP BY 1
ORDER BY 1
