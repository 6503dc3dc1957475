WITH part AS (
    SELECT raw.place, 1 AS n, raw.k AS sum, raw.k * raw.k AS sum2, raw.k AS max
    FROM (
{raw}
    ) AS raw
    UNION ALL
    SELECT s.place, s.n, s.sum, s.sum2, s.max
    FROM dash.spread_1h AS s
    WHERE $__timeTo()::timestamptz - $__timeFrom()::timestamptz >= INTERVAL '12 hours'
      AND $__timeFilter(s.time)
      AND s.line IN (${line:sqlstring})
      AND s.characteristic = 'k_value'
      AND s.factor = '{factor}'
)
SELECT
    place AS "{factor}",
    sum(n)::double precision AS "cells",
    sum(sum) / sum(n)::double precision AS "mean K",
    sqrt(greatest(0, sum(sum2) - sum(sum) ^ 2 / sum(n)) / nullif(sum(n) - 1, 0))::double precision AS "sd",
    max(max) AS "highest"
FROM part
GROUP BY place
ORDER BY 3 DESC NULLS LAST
LIMIT 20
