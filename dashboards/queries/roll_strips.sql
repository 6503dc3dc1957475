SELECT
    s.child AS "strip",
    count(DISTINCT c.child) AS "cells",
    min(c.from_m) AS "first metre",
    max(c.to_m) AS "last metre",
    min(c.time) AS "first wound",
    max(c.time) AS "last wound",
    count(DISTINCT q.cell) AS "not passed"
FROM dash.genealogy AS s
LEFT JOIN dash.genealogy AS c ON c.parent = s.child
LEFT JOIN dash.cell_quality AS q ON q.cell = c.child AND q.disposition <> 'pass'
WHERE s.parent IN (${roll:sqlstring})
GROUP BY s.child
ORDER BY s.child
LIMIT 50
