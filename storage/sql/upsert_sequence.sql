INSERT INTO ingest.sequence AS known (source, run, seen)
VALUES (%(source)s, %(run)s, %(seen)s::int8multirange)
ON CONFLICT (source, run) DO UPDATE
   SET seen = known.seen + excluded.seen, last_at = clock_timestamp()
RETURNING source,
          coalesce((SELECT sum(upper(hole) - lower(hole))
                      FROM unnest(int8multirange(range_merge(seen)) - seen) AS hole), 0)::bigint
