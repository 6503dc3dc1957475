INSERT INTO ingest.cursor (follower, xid)
VALUES (%(follower)s, %(xid)s::xid8)
ON CONFLICT (follower) DO UPDATE SET xid = excluded.xid, updated_at = clock_timestamp()
