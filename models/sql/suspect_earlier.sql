-- What was seen before, with who was held responsible and when it ended.
SELECT a.station, a.equipment, a.position, a.since, ended.time, s.factor, s.station, s.value, s.since
  FROM analysis.anomaly AS a
  JOIN analysis.suspect AS s ON s.anomaly = a.id AND s.rank = 1
  LEFT JOIN LATERAL (
      SELECT o.time
        FROM analysis.anomaly AS o
       WHERE o.state = 'off' AND o.equipment = a.equipment
         AND o.position IS NOT DISTINCT FROM a.position AND o.characteristic = a.characteristic
         AND o.direction = a.direction AND o.since = a.since
       ORDER BY o.id
       LIMIT 1) AS ended ON true
 WHERE a.state = 'on' AND a.line = %(line)s AND a.since >= %(from_time)s AND a.time <= %(to_time)s
   AND a.id <> ALL (%(but)s)
 ORDER BY a.id
