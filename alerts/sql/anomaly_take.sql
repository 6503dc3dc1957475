SELECT id, xid::text::bigint AS xid, detected_at, state,
       line, station, equipment, position, characteristic, direction, since, time,
       statistic, limit_value, value, expected, sd, unit, samples, last_points, model, contributions
  FROM (SELECT *
          FROM analysis.anomaly
         WHERE xid > (SELECT xid FROM ingest.cursor WHERE follower = %(follower)s)
           AND xid < pg_snapshot_xmin(pg_current_snapshot())
         ORDER BY xid
         FETCH FIRST %(limit)s ROWS WITH TIES) AS next
 ORDER BY next.xid, next.id
