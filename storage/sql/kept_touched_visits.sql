-- A visit that comes late may make a later one of the same cell no longer its first.
SELECT DISTINCT time_bucket(INTERVAL '1 minute', later.time)
FROM {table} AS t
JOIN {other} AS later ON later.cell = t.cell AND later.time >= t.time
WHERE t.time BETWEEN {since} AND {until} AND t.batch = ANY ({batches})
