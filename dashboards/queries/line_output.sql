SELECT
    l.line,
    coalesce(sum(o.cells), 0)::double precision AS "cells",
    l.cells_per_second * 86400 AS "target",
    coalesce(sum(o.cells), 0)::double precision / (l.cells_per_second * 86400) AS "of target"
FROM dash.line AS l
LEFT JOIN dash.output_1h AS o
    ON o.line = l.line
   AND o.station = '{pacemaker}'
   AND o.time > now() - INTERVAL '24 hours'
WHERE l.line IN (${line:sqlstring})
GROUP BY l.line, l.cells_per_second
ORDER BY l.line
