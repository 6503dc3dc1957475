SELECT DISTINCT time_bucket(INTERVAL '1 minute', t.time)
FROM {table} AS t
WHERE t.time BETWEEN {since} AND {until} AND t.batch = ANY ({batches})
