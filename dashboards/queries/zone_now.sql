SELECT e.equipment, latest.*, g.high AS "dew point limit"
FROM dash.equipment AS e
CROSS JOIN LATERAL (
    SELECT d.dew_point AS "dew point", d.temperature, d.overpressure, d.particles, d.time AS "at"
    FROM dash.dry_room AS d
    WHERE d.equipment = e.equipment AND d.time > now() - INTERVAL '1 hour'
    ORDER BY d.time DESC
    LIMIT 1
) AS latest
LEFT JOIN dash.signal AS g
    ON g.station = e.station AND g.equipment_group = e.equipment_group AND g.characteristic = 'dew_point'
WHERE e.line IN (${line:sqlstring})
  AND e.station = 'dry_room'
  AND e.equipment IN (${equipment:sqlstring})
ORDER BY latest."dew point" - g.high DESC
LIMIT 100
