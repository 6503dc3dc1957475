SELECT view_schema || '.' || view_name
FROM timescaledb_information.continuous_aggregates
