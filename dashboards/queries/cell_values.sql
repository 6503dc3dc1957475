SELECT
    s.title AS "step",
    g.title AS "result",
    r.value,
    g.unit,
    g.low AS "lower limit",
    g.nominal,
    g.high AS "upper limit",
    (r.value - g.nominal) / nullif(g.sd, 0) AS "off by sd",
    CASE WHEN r.value < g.low OR r.value > g.high THEN 'outside' ELSE 'inside' END AS "limits"
FROM dash.cell_result AS r
JOIN dash.station AS s ON s.station = r.station
JOIN dash.equipment AS e ON e.equipment = r.equipment
JOIN dash.signal_of_recipe AS g
    ON g.station = r.station
   AND g.equipment_group = e.equipment_group
   AND g.kind = 'cell'
   AND g.characteristic = r.characteristic
   AND g.recipe = coalesce(r.recipe, '')
WHERE r.cell IN (${cell:sqlstring})
ORDER BY s.ordinal, g.ordinal
LIMIT 200
