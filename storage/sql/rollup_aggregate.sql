-- Real time: what is newer than the last refresh is read from the source, so nothing waits for it.
-- No data yet: a refresh cannot run inside the migration's transaction; the policy does the first.
CREATE MATERIALIZED VIEW {name}
WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS
{query}
WITH NO DATA
