WITH place AS (
    SELECT time, equipment, position, coalesce(duration, 24) AS hours
    FROM dash.cell_formation
    WHERE cell IN (${cell:sqlstring})
    ORDER BY time DESC
    LIMIT 1
)
SELECT p.time AS "time", p.voltage, p.current, p.temperature
FROM place
CROSS JOIN LATERAL (
    SELECT c.time, c.voltage, c.current, c.temperature
    FROM dash.formation_position AS c
    WHERE c.equipment = place.equipment
      AND c.time BETWEEN place.time - make_interval(secs => place.hours * 3600) AND place.time
      AND c.position = place.position
      AND extract(epoch FROM c.time)::bigint % 120 < 10
) AS p
ORDER BY 1
LIMIT 2000
