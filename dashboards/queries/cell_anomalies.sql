SELECT a.since, a.text, a.model
FROM dash.cell_result AS r
JOIN dash.anomaly AS a
    ON a.equipment = r.equipment
   AND a.characteristic = r.characteristic
   AND (a.position IS NULL OR a.position = r.position)
   AND r.time BETWEEN a.since AND coalesce(a.ended_at, now())
WHERE r.cell IN (${cell:sqlstring})
ORDER BY a.since
LIMIT 50
