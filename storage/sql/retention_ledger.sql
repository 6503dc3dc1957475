-- What a follower has still to read stays, and what a dead letter came in.
DELETE FROM ingest.batch AS b
WHERE b.committed_at < now() - %(kept)s
  AND b.xid <= coalesce((SELECT min(xid) FROM ingest.cursor), '0'::xid8)
  AND NOT EXISTS (SELECT FROM ingest.dead_letter AS d WHERE d.batch = b.id)
