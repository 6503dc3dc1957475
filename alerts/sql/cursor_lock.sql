SELECT xid
  FROM ingest.cursor
 WHERE follower = %(follower)s
   FOR UPDATE
