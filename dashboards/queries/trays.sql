SELECT equipment
FROM dash.equipment
WHERE line IN (${line:sqlstring}) AND station = 'formation'
ORDER BY 1
