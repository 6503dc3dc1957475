SELECT
 WHERE NOT EXISTS (SELECT FROM ingest.cursor WHERE follower = %(follower)s)
    OR EXISTS (
    SELECT FROM alert.event
     WHERE xid > (SELECT xid FROM ingest.cursor WHERE follower = %(follower)s)
       AND xid < pg_snapshot_xmin(pg_current_snapshot())
       AND who <> 'jellyroll')
