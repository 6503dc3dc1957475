WITH value AS (
    SELECT first_cycle_efficiency AS x
    FROM dash.cell_formation
    WHERE $__timeFilter(time)
      AND line IN (${line:sqlstring})
      AND first_cycle_efficiency IS NOT NULL
), edge AS (
    SELECT min(x) AS low, greatest(max(x) - min(x), 1e-9) / 40 AS width
    FROM value
)
SELECT
    round((low + (least(floor((x - low) / width), 39) + 0.5) * width)::numeric, 4)::text AS "efficiency",
    count(*) AS "cells"
FROM value
CROSS JOIN edge
GROUP BY 1
ORDER BY min(x)
