-- The latest line of the ledger that no line still to come can precede.
SELECT max(xid)::text FROM ingest.batch WHERE xid < pg_snapshot_xmin(pg_current_snapshot())
