SELECT
    $__timeGroupAlias(time, $__interval),
    sum(messages)::double precision * 1000 / $__interval_ms AS "messages/s",
    sum(duplicates)::double precision * 1000 / $__interval_ms AS "duplicates/s",
    sum(dead_letters)::double precision * 1000 / $__interval_ms AS "dead letters/s"
FROM dash.ingest_rate
WHERE $__timeFilter(time)
GROUP BY 1
ORDER BY 1
