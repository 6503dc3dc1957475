WITH entry AS (
    INSERT INTO ingest.batch (id, worker, received_at, messages, rows, value_count, duplicate_messages, dead_letters)
    VALUES (%(id)s, %(worker)s, %(received_at)s, %(messages)s, %(rows)s, %(value_count)s,
            %(duplicate_messages)s, %(dead_letters)s)
    RETURNING id
)
INSERT INTO ingest.batch_span (batch, table_name, rows, from_time, to_time)
SELECT id, span.*
  FROM entry,
       unnest(%(tables)s::text[], %(table_rows)s::bigint[],
              %(from_times)s::timestamptz[], %(to_times)s::timestamptz[]) AS span
