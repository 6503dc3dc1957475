SELECT DISTINCT parent
FROM dash.genealogy
WHERE line IN (${line:sqlstring}) AND station = 'slitting' AND time > now() - INTERVAL '14 days'
ORDER BY 1 DESC
LIMIT 500
