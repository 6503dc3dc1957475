SELECT r.time, s.title AS "step", r.equipment, r.position, min(r.verdict) AS "verdict", min(r.recipe) AS "recipe"
FROM dash.cell_result AS r
JOIN dash.station AS s ON s.station = r.station
WHERE r.cell IN (${cell:sqlstring})
GROUP BY r.time, s.title, s.ordinal, r.equipment, r.position
ORDER BY r.time, s.ordinal
LIMIT 100
