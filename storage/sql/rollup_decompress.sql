SELECT decompress_chunk(format('%I.%I', chunk_schema, chunk_name)::regclass)
FROM timescaledb_information.chunks
WHERE hypertable_schema = {schema} AND hypertable_name = {name}
  AND is_compressed AND range_end > now() - {after}
