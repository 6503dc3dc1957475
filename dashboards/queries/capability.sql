WITH part AS (
    SELECT
        r.equipment, r.position, r.n::double precision AS n, r.sum, r.sum2,
        r.sum2 - r.sum ^ 2 / r.n AS squares
    FROM dash.result_1h AS r
    WHERE $__timeFilter(r.time)
      AND r.line IN (${line:sqlstring})
      AND r.station IN (${station:sqlstring})
      AND r.characteristic IN (${characteristic:sqlstring})
      AND r.equipment IN (${equipment:sqlstring})
), place AS (
    SELECT
        equipment,
        position,
        sum(n) AS n,
        sum(sum) / sum(n) AS mean,
        sqrt(greatest(0, sum(squares)) / nullif(sum(n) - count(*), 0)) AS sd_within,
        sqrt(greatest(0, sum(sum2) - sum(sum) ^ 2 / sum(n)) / nullif(sum(n) - 1, 0)) AS sd
    FROM part
    GROUP BY equipment, position
)
SELECT
    p.equipment,
    p.position,
    p.n AS "cells",
    p.mean,
    p.sd,
    least(g.high - p.mean, p.mean - g.low) / (3 * nullif(p.sd_within, 0)) AS "Cpk",
    least(g.high - p.mean, p.mean - g.low) / (3 * nullif(p.sd, 0)) AS "Ppk"
FROM place AS p
JOIN dash.equipment AS e ON e.equipment = p.equipment
JOIN dash.signal AS g
    ON g.station = e.station
   AND g.equipment_group = e.equipment_group
   AND g.kind = 'cell'
   AND g.characteristic IN (${characteristic:sqlstring})
WHERE coalesce(p.position, 0)::text IN (${position:sqlstring})
ORDER BY "Cpk" NULLS LAST, 1, 2
LIMIT 100
