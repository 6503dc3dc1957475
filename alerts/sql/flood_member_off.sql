UPDATE alert.flooded
   SET is_on = false, last_anomaly = %(anomaly)s
 WHERE alert = %(alert)s
   AND line = %(line)s AND station = %(station)s AND equipment = %(equipment)s
   AND position IS NOT DISTINCT FROM %(position)s::smallint
   AND characteristic = %(characteristic)s AND direction = %(direction)s
