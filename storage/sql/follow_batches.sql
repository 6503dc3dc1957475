SELECT b.id, b.xid::text, b.committed_at,
       array_remove(array_agg(s.table_name ORDER BY s.table_name), NULL),
       array_remove(array_agg(s.rows ORDER BY s.table_name), NULL),
       array_remove(array_agg(s.from_time ORDER BY s.table_name), NULL),
       array_remove(array_agg(s.to_time ORDER BY s.table_name), NULL)
  FROM (SELECT id, xid, committed_at
          FROM ingest.batch
         WHERE xid > coalesce((SELECT xid FROM ingest.cursor WHERE follower = %(follower)s), '0'::xid8)
           AND xid < pg_snapshot_xmin(pg_current_snapshot())
         ORDER BY xid
         LIMIT %(limit)s) AS b
  LEFT JOIN ingest.batch_span AS s ON s.batch = b.id
 GROUP BY b.id, b.xid, b.committed_at
 ORDER BY b.xid
