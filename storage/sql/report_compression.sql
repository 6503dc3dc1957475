SELECT
    h.hypertable_schema || '.' || h.hypertable_name,
    s.before_compression_total_bytes,
    s.after_compression_total_bytes
FROM timescaledb_information.hypertables AS h
CROSS JOIN LATERAL hypertable_compression_stats(
    format('%I.%I', h.hypertable_schema, h.hypertable_name)::regclass
) AS s
WHERE s.after_compression_total_bytes > 0
