-- Alarms of results that hold cells: each from its onset to its end, or still on. One that is the
-- sensor's says nothing of the cells.
SELECT a.equipment, a.position, a.characteristic, a.station, a.since,
       (SELECT min(o.time)
          FROM analysis.anomaly AS o
         WHERE o.state = 'off' AND o.id > a.id AND o.equipment = a.equipment
           AND o.position IS NOT DISTINCT FROM a.position AND o.characteristic = a.characteristic
           AND o.direction = a.direction) AS until
  FROM analysis.anomaly AS a
 WHERE a.state = 'on' AND a.station || '.' || a.characteristic = ANY (%(results)s)
   AND a.since <= %(to_time)s AND a.time >= %(from_time)s
   AND NOT EXISTS (
       SELECT FROM analysis.suspect AS s
        WHERE s.anomaly = a.id AND s.rank = 1 AND s.factor = 'sensor')
 ORDER BY a.id
