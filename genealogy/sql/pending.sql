-- What mounts and checks have still to take in: whether it is little, and since when; at most *limit*
-- batches are looked at.
SELECT count(DISTINCT b.id) < %(limit)s AND coalesce(sum(s.rows), 0) < %(rows)s AS is_little,
       min(b.committed_at) FILTER (WHERE s.rows > 0) AS since
  FROM (SELECT id, committed_at
          FROM ingest.batch
         WHERE xid > coalesce((SELECT CASE WHEN count(*) = cardinality(%(followers)s::text[])
                                           THEN min(xid) END
                                 FROM ingest.cursor WHERE follower = ANY (%(followers)s)), '0'::xid8)
           AND xid < pg_snapshot_xmin(pg_current_snapshot())
         ORDER BY xid
         LIMIT %(limit)s) AS b
       LEFT JOIN ingest.batch_span s ON s.batch = b.id AND s.table_name = ANY (%(tables)s)
