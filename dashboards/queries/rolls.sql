SELECT DISTINCT child
FROM dash.genealogy
WHERE line IN (${line:sqlstring}) AND station = 'coating' AND time > now() - INTERVAL '45 days'
ORDER BY 1 DESC
LIMIT 500
