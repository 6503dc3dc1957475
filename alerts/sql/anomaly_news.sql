SELECT EXISTS (
    SELECT FROM analysis.anomaly
     WHERE xid > coalesce((SELECT xid FROM ingest.cursor WHERE follower = %(follower)s), '0'::xid8)
       AND xid < pg_snapshot_xmin(pg_current_snapshot()))
