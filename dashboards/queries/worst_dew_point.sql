SELECT min(g.high - latest.dew_point) AS "margin"
FROM dash.equipment AS e
CROSS JOIN LATERAL (
    SELECT d.dew_point
    FROM dash.dry_room AS d
    WHERE d.equipment = e.equipment AND d.time > now() - INTERVAL '1 hour' AND d.dew_point IS NOT NULL
    ORDER BY d.time DESC
    LIMIT 1
) AS latest
JOIN dash.signal AS g
    ON g.station = e.station AND g.equipment_group = e.equipment_group AND g.characteristic = 'dew_point'
WHERE e.line IN (${line:sqlstring}) AND e.station = 'dry_room' AND e.equipment IN (${equipment:sqlstring})
