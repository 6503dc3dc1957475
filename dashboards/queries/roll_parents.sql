SELECT parent AS "made from", amount_kg AS "amount", equipment, time
FROM dash.genealogy
WHERE child IN (${roll:sqlstring})
ORDER BY time, 1
LIMIT 50
