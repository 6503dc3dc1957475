-- Each table in chunks (a continuous aggregate under its own name): chunks, bytes, and the bytes and
-- days of those of the last *days*. A database younger than a chunk has filled it only since its
-- first commit. Then the tables of ingest, which have grown since then.
WITH first AS (
    SELECT coalesce(min(committed_at), '-infinity') AS at FROM ingest.batch
), chunked AS (
    SELECT
        h.hypertable_schema || '.' || h.hypertable_name AS name,
        h.hypertable_schema AS schema,
        h.hypertable_name AS hypertable
    FROM timescaledb_information.hypertables AS h
    WHERE h.hypertable_schema IN ('telemetry', 'cell', 'machine', 'material', 'analysis')
    UNION ALL
    SELECT
        a.view_schema || '.' || a.view_name,
        a.materialization_hypertable_schema,
        a.materialization_hypertable_name
    FROM timescaledb_information.continuous_aggregates AS a
)
SELECT
    h.name,
    count(s.chunk_name) AS chunks,
    coalesce(sum(s.total_bytes), 0)::bigint AS bytes,
    coalesce(sum(s.total_bytes) FILTER (WHERE c.range_end > now() - %(days)s), 0)::bigint AS recent_bytes,
    coalesce(extract(epoch FROM
        least(now(), max(c.range_end))
        - greatest(min(c.range_start) FILTER (WHERE c.range_end > now() - %(days)s), first.at)
    ) / 86400, 0)::double precision AS recent_days
FROM chunked AS h
CROSS JOIN first
CROSS JOIN LATERAL chunks_detailed_size(format('%%I.%%I', h.schema, h.hypertable)::regclass) AS s
JOIN timescaledb_information.chunks AS c
    ON c.chunk_schema = s.chunk_schema AND c.chunk_name = s.chunk_name
GROUP BY h.name, first.at
UNION ALL
SELECT
    'ingest.' || t.relname,
    1,
    pg_total_relation_size(t.oid),
    pg_total_relation_size(t.oid),
    coalesce(extract(epoch FROM now() - nullif(first.at, '-infinity')) / 86400, 0)::double precision
FROM pg_class AS t
CROSS JOIN first
WHERE t.oid IN ('ingest.batch'::regclass, 'ingest.batch_span'::regclass, 'ingest.dead_letter'::regclass)
ORDER BY bytes DESC, name
