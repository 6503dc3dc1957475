SELECT
    s.child AS "strip",
    count(DISTINCT c.child) AS "cells",
    min(c.from_m) AS "first metre",
    max(c.to_m) AS "last metre",
    min(c.time) AS "first wound",
    max(c.time) AS "last wound",
    count(DISTINCT c.child) FILTER (WHERE q.disposition <> 'pass') AS "not passed"
FROM (SELECT child FROM dash.genealogy WHERE parent IN (${roll:sqlstring}) OFFSET 0) AS s
-- OFFSET 0: strip by strip and cell by cell, through the keys.
LEFT JOIN LATERAL (
    SELECT child, from_m, to_m, time FROM dash.genealogy WHERE parent = s.child OFFSET 0
) AS c ON true
LEFT JOIN LATERAL (
    SELECT disposition FROM dash.cell_quality WHERE cell = c.child OFFSET 0
) AS q ON true
GROUP BY s.child
ORDER BY s.child
LIMIT 50
