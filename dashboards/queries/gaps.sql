SELECT source, sum(messages)::double precision AS "missing", max(time) AS "latest"
FROM dash.gap
GROUP BY source
ORDER BY 2 DESC
LIMIT 20
