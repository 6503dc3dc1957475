SELECT cell
FROM dash.cell_end_of_line
WHERE line IN (${line:sqlstring}) AND time > now() - INTERVAL '30 days'
ORDER BY time DESC
LIMIT 200
