-- Machine by machine, through the key: OFFSET 0 keeps the planner from reading whole chunks.
SELECT DISTINCT r.minute
FROM plant.equipment AS m
CROSS JOIN LATERAL (
    SELECT time_bucket(INTERVAL '1 minute', t.time) AS minute
    FROM {table} AS t
    WHERE t.equipment = m.name AND t.time BETWEEN {since} AND {until} AND t.batch = ANY ({batches})
    OFFSET 0
) AS r
WHERE m.station = {station}
