SELECT
    f.equipment AS "tray",
    count(*) AS "cells",
    avg(k.k_value) AS "mean K",
    stddev_samp(k.k_value) AS "sd",
    max(k.k_value) AS "highest"
FROM dash.k_value AS k
JOIN dash.cell_formation AS f ON f.cell = k.cell
WHERE $__timeFilter(k.time)
  AND k.line IN (${line:sqlstring})
  -- A cell is aged for at most so long after its formation.
  AND f.time > $__timeFrom()::timestamptz - INTERVAL '14 days'
  AND f.time < $__timeTo()
GROUP BY f.equipment
ORDER BY avg(k.k_value) DESC NULLS LAST
LIMIT 20
