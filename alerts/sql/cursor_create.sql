INSERT INTO ingest.cursor (follower, xid)
VALUES (%(follower)s, '0')
ON CONFLICT (follower) DO NOTHING
