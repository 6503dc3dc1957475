SELECT equipment
FROM dash.equipment
WHERE line IN (${line:sqlstring}) AND station = 'dry_room'
ORDER BY 1
