SELECT DISTINCT child
FROM dash.genealogy
WHERE line IN (${line:sqlstring}) AND station = 'coating' AND time > now() - INTERVAL '14 days'
ORDER BY 1 DESC
LIMIT 500
