-- When the rows of each table of samples or results begin that has any after a time.
SELECT
    c.hypertable_schema || '.' || c.hypertable_name,
    min(greatest(c.range_start, nullif(%s, '0001-01-01+0'::timestamptz)))
FROM timescaledb_information.chunks AS c
JOIN plant.station AS s ON s.name = c.hypertable_name
WHERE c.hypertable_schema IN ('telemetry', 'cell') AND c.range_end > %s
GROUP BY 1
