-- Alarms of results that hold cells: each from its onset to its end, or still on.
SELECT a.equipment, a.position, a.characteristic, a.station, a.since,
       (SELECT min(o.time)
          FROM analysis.anomaly AS o
         WHERE o.state = 'off' AND o.id > a.id AND o.equipment = a.equipment
           AND o.position IS NOT DISTINCT FROM a.position AND o.characteristic = a.characteristic
           AND o.direction = a.direction) AS until
  FROM analysis.anomaly AS a
 WHERE a.state = 'on' AND a.station || '.' || a.characteristic = ANY (%(results)s)
   AND a.since <= %(to_time)s AND a.time >= %(from_time)s
 ORDER BY a.id
