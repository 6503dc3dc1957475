-- The first visit of each cell in the last 24 hours.
SELECT e.line, e.station, v.time, v.equipment, v.cell, v.verdict IS DISTINCT FROM 'fail' AS is_good
FROM (
    SELECT DISTINCT ON (t.cell) t.time, t.equipment, t.cell, t.verdict
    FROM {table} AS t
    WHERE t.time > now() - INTERVAL '24 hours'
    ORDER BY t.cell, t.time
) AS v
JOIN plant.equipment AS e ON e.name = v.equipment
