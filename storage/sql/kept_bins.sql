-- Bins of a fifth of the standard deviation that the plant model gives, 20 of these to each side.
SELECT
    time_bucket(INTERVAL '1 hour', v.time) AS time,
    e.line::text AS line,
    {characteristic}::text AS characteristic,
    'bin'::text AS factor,
    round(({nominal} + v.bin * {width})::numeric, 9)::text AS place,
    count(*) AS n,
    sum(v.value) AS sum,
    sum(v.value * v.value) AS sum2,
    min(v.value) AS min,
    max(v.value) AS max
FROM (
    SELECT c.time, c.equipment, c.value,
        least(greatest(round((c.value - {nominal}) / {width}), -100), 100) AS bin
    FROM ({values}) AS c
    WHERE c.value IS NOT NULL
) AS v
JOIN plant.equipment AS e ON e.name = v.equipment
GROUP BY 1, 2, v.bin
