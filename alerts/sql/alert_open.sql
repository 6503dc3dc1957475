SELECT *
  FROM alert.alert
 WHERE line = %(line)s AND station = %(station)s AND equipment = %(equipment)s
   AND coalesce(position, 0) = coalesce(%(position)s::smallint, 0)
   AND characteristic = %(characteristic)s AND direction = %(direction)s AND kind = %(kind)s
   AND closed_at IS NULL
   FOR UPDATE
