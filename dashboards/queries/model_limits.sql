SELECT
    edge::timestamptz AS "time",
    avg(mean) AS "baseline",
    avg(low_3sd) AS "baseline - 3 sd",
    avg(high_3sd) AS "baseline + 3 sd"
FROM dash.chart
CROSS JOIN (VALUES ($__timeFrom()), ($__timeTo())) AS range (edge)
WHERE station IN (${station:sqlstring})
  AND characteristic IN (${characteristic:sqlstring})
  AND equipment IN (${equipment:sqlstring})
GROUP BY 1
ORDER BY 1
