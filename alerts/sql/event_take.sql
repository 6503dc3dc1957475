SELECT id, at, alert, who, what, why, xid::text::bigint
  FROM (SELECT *
          FROM alert.event
         WHERE xid > (SELECT xid FROM ingest.cursor WHERE follower = %(follower)s)
           AND xid < pg_snapshot_xmin(pg_current_snapshot())
           AND who <> 'jellyroll'
         ORDER BY xid
         FETCH FIRST %(limit)s ROWS WITH TIES) AS next
 ORDER BY next.xid, next.id
