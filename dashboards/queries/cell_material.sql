WITH RECURSIVE made AS (
    SELECT 1 AS depth, g.time, g.equipment, g.child, g.parent, g.from_m, g.to_m, g.amount_kg
    FROM dash.genealogy AS g
    WHERE g.child IN (${cell:sqlstring})
    UNION ALL
    SELECT made.depth + 1, g.time, g.equipment, g.child, g.parent, g.from_m, g.to_m, g.amount_kg
    FROM made
    JOIN dash.genealogy AS g ON g.child = made.parent
    WHERE made.depth < 8
)
SELECT DISTINCT
    depth::bigint AS "step back", child AS "what", parent AS "made from", from_m AS "from", to_m AS "to",
    amount_kg AS "amount", equipment, time
FROM made
ORDER BY 1, 2, 3
LIMIT 100
