-- The K-value by the tray on which a cell was formed, and by the probe that measured it.
SELECT
    time_bucket(INTERVAL '1 hour', k.time) AS time,
    e.line::text AS line,
    'k_value'::text AS characteristic,
    place.factor,
    place.name AS place,
    count(*) AS n,
    sum(k.value) AS sum,
    sum(k.value * k.value) AS sum2,
    min(k.value) AS min,
    max(k.value) AS max
FROM ({values}) AS k
JOIN plant.equipment AS e ON e.name = k.equipment
LEFT JOIN LATERAL (
    SELECT f.equipment
    FROM {formed} AS f
    WHERE f.cell = k.cell AND f.time <= k.time AND f.time > {oldest} - INTERVAL '30 days'
    ORDER BY f.time DESC
    LIMIT 1
) AS formed ON true
CROSS JOIN LATERAL (
    VALUES ('tray', formed.equipment::text), ('probe', concat_ws(' · ', k.equipment, k.position))
) AS place (factor, name)
WHERE k.value IS NOT NULL AND place.name IS NOT NULL
GROUP BY 1, 2, 4, 5
