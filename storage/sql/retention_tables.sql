-- Every table that a class may have: hypertables, continuous aggregates, and those of ingest.
SELECT hypertable_schema || '.' || hypertable_name
FROM timescaledb_information.hypertables
UNION ALL
SELECT schemaname || '.' || tablename
FROM pg_tables
WHERE schemaname = 'ingest'
