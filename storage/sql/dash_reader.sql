-- Grafana runs whatever SQL an editor of dashboards writes. The settings hold for this database
-- only, so that migrations of two databases of one server do not wait for each other.
GRANT USAGE ON SCHEMA dash TO grafana_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA dash TO grafana_reader;
ALTER ROLE grafana_reader IN DATABASE {database} SET default_transaction_read_only = on;
ALTER ROLE grafana_reader IN DATABASE {database} SET statement_timeout = '15s';
-- Grafana's macros call time_bucket without its schema.
ALTER ROLE grafana_reader IN DATABASE {database} SET search_path = dash, {timescaledb};
ALTER ROLE grafana_reader IN DATABASE {database} SET timezone = 'UTC';
-- Where rollups are views on raw rows, a month is grouped by hashing instead of sorting on disk.
ALTER ROLE grafana_reader IN DATABASE {database} SET work_mem = '64MB';
-- Compiling a query takes longer than a query of a board may.
ALTER ROLE grafana_reader IN DATABASE {database} SET jit = off;
