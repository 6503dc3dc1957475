-- Each hypertable: its chunks, bytes, and the bytes and days of those of the last *days*. A database
-- younger than a chunk has filled it only since its first commit.
SELECT
    h.hypertable_schema || '.' || h.hypertable_name AS name,
    count(s.chunk_name) AS chunks,
    coalesce(sum(s.total_bytes), 0)::bigint AS bytes,
    coalesce(sum(s.total_bytes) FILTER (WHERE c.range_end > now() - %(days)s), 0)::bigint AS recent_bytes,
    coalesce(extract(epoch FROM
        least(now(), max(c.range_end))
        - greatest(min(c.range_start) FILTER (WHERE c.range_end > now() - %(days)s), first.at)
    ) / 86400, 0)::double precision AS recent_days
FROM timescaledb_information.hypertables AS h
CROSS JOIN LATERAL chunks_detailed_size(
    format('%%I.%%I', h.hypertable_schema, h.hypertable_name)::regclass
) AS s
JOIN timescaledb_information.chunks AS c
    ON c.chunk_schema = s.chunk_schema AND c.chunk_name = s.chunk_name
CROSS JOIN (
    SELECT coalesce(min(committed_at), '-infinity') AS at FROM ingest.batch
) AS first
WHERE h.hypertable_schema IN ('telemetry', 'cell', 'machine', 'material')
GROUP BY h.hypertable_schema, h.hypertable_name, first.at
ORDER BY bytes DESC, name
