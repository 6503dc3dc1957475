SELECT a.xid::text, a.equipment, a.position, a.station, a.since
  FROM analysis.anomaly AS a
 WHERE a.xid > coalesce((SELECT xid FROM ingest.cursor WHERE follower = %(follower)s), '0'::xid8)
   AND a.xid < pg_snapshot_xmin(pg_current_snapshot())
   AND a.station || '.' || a.characteristic = ANY (%(results)s)
 ORDER BY a.xid
