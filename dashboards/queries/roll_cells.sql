SELECT c.child AS "cell", s.child AS "strip", c.from_m AS "from", c.to_m AS "to", c.time AS "wound", c.equipment, q.grade, q.disposition
FROM dash.genealogy AS s
JOIN dash.genealogy AS c ON c.parent = s.child
LEFT JOIN dash.cell_quality AS q ON q.cell = c.child
WHERE s.parent IN (${roll:sqlstring})
ORDER BY (coalesce(q.disposition, 'pass') = 'pass'), s.child, c.from_m
LIMIT 200
