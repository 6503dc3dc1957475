SELECT equipment
FROM dash.equipment
WHERE line IN (${line:sqlstring}) AND station IN (${station:sqlstring})
ORDER BY 1
