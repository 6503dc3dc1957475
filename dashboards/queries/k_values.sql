WITH value AS (
    SELECT k_value AS x
    FROM dash.k_value
    WHERE $__timeFilter(time) AND line IN (${line:sqlstring}) AND k_value IS NOT NULL
), edge AS (
    SELECT
        percentile_disc(0.001) WITHIN GROUP (ORDER BY x) AS low,
        percentile_disc(0.999) WITHIN GROUP (ORDER BY x) AS high
    FROM value
)
SELECT
    -- What lies beyond the outermost thousandths counts in the outermost bars.
    round((low + (width_bucket(x, low, greatest(high, low + 1e-9), 40) - 0.5)
        * greatest(high - low, 1e-9) / 40)::numeric, 4)::text AS "K",
    count(*) AS "cells"
FROM value
CROSS JOIN edge
GROUP BY 1
ORDER BY min(x)
