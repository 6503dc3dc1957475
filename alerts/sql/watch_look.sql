-- Only what came after the row that is known is looked for, so that no old chunk is opened.
INSERT INTO alert.watch AS w (equipment, last_time, seen_at)
SELECT e.name, newest.time, now()
  FROM plant.equipment AS e
  LEFT JOIN alert.watch AS known ON known.equipment = e.name
 CROSS JOIN LATERAL (
       SELECT t.time
         FROM {table} AS t
        WHERE t.equipment = e.name
          AND t.time > coalesce(known.last_time, now() - INTERVAL '1 day')
        ORDER BY t.time DESC
        LIMIT 1) AS newest
 WHERE e.station = {station}
ON CONFLICT (equipment) DO UPDATE
   SET last_time = excluded.last_time, seen_at = excluded.seen_at
