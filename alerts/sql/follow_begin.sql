-- What people did before there was anybody to tell of it is not told.
INSERT INTO ingest.cursor (follower, xid)
VALUES (%(follower)s, (pg_snapshot_xmin(pg_current_snapshot())::text::bigint - 1)::text::xid8)
ON CONFLICT (follower) DO NOTHING
