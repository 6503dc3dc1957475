SELECT worker, max(time) AS "last commit", sum(messages)::double precision AS "messages", max(commit_delay_s) AS "longest delay"
FROM dash.ingest_rate
WHERE $__timeFilter(time)
GROUP BY worker
ORDER BY worker
LIMIT 50
