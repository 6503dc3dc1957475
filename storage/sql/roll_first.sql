SELECT min(c.range_start)
FROM timescaledb_information.chunks AS c
JOIN plant.station AS s ON s.name = c.hypertable_name
WHERE c.hypertable_schema IN ('telemetry', 'cell')
