SELECT
    reason,
    count(*) AS "letters",
    max(time) AS "latest",
    (array_agg(topic ORDER BY time DESC))[1] AS "latest topic"
FROM dash.dead_letter
WHERE $__timeFilter(time)
GROUP BY reason
ORDER BY 2 DESC
LIMIT 20
