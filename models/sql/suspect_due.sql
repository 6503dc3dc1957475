-- The next anomaly that is to be looked at again, and whether it had ended by then.
SELECT l.anomaly, l.next_at,
       EXISTS (
           SELECT FROM analysis.anomaly AS o
            WHERE o.state = 'off' AND o.equipment = a.equipment
              AND o.position IS NOT DISTINCT FROM a.position
              AND o.characteristic = a.characteristic AND o.direction = a.direction
              AND o.since = a.since AND o.time <= l.next_at)
  FROM analysis.suspect_look AS l
  JOIN analysis.anomaly AS a ON a.id = l.anomaly
 WHERE l.next_at <= %(newest)s
 ORDER BY l.next_at, l.anomaly
 LIMIT 1
