SELECT
    equipment, position, recipe, mean, sd, points, version,
    greatest(cusum_high, cusum_low) / nullif(cusum_limit, 0) AS "of its limit"
FROM dash.chart
WHERE line IN (${line:sqlstring})
  AND station IN (${station:sqlstring})
  AND characteristic IN (${characteristic:sqlstring})
  AND equipment IN (${equipment:sqlstring})
  AND coalesce(position, 0)::text IN (${position:sqlstring})
ORDER BY "of its limit" DESC NULLS LAST, 1, 2
LIMIT 50
