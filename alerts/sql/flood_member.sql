SELECT f.alert
  FROM alert.flooded AS f
  JOIN alert.alert AS a ON a.id = f.alert AND a.closed_at IS NULL
 WHERE f.line = %(line)s AND f.station = %(station)s AND f.equipment = %(equipment)s
   AND f.position IS NOT DISTINCT FROM %(position)s::smallint
   AND f.characteristic = %(characteristic)s AND f.direction = %(direction)s
 LIMIT 1
