SELECT c.child AS "cell", s.child AS "strip", c.from_m AS "from", c.to_m AS "to", c.time AS "wound", c.equipment, q.grade, q.disposition
FROM (SELECT child FROM dash.genealogy WHERE parent IN (${roll:sqlstring}) OFFSET 0) AS s
-- OFFSET 0: strip by strip and cell by cell, through the keys.
CROSS JOIN LATERAL (
    SELECT child, from_m, to_m, time, equipment FROM dash.genealogy WHERE parent = s.child OFFSET 0
) AS c
LEFT JOIN LATERAL (
    SELECT grade, disposition FROM dash.cell_quality WHERE cell = c.child OFFSET 0
) AS q ON true
ORDER BY (coalesce(q.disposition, 'pass') = 'pass'), s.child, c.from_m
LIMIT 200
