SELECT
    worker,
    max(last_commit_at) AS "last commit",
    sum(messages)::double precision AS "messages",
    max(delay_max_s) AS "longest delay"
FROM dash.ingest_rate_1m
WHERE $__timeFilter(time)
GROUP BY worker
ORDER BY worker
LIMIT 50
