UPDATE analysis.control_limit SET active = false
 WHERE equipment = %(equipment)s AND position IS NOT DISTINCT FROM %(position)s
   AND characteristic = %(characteristic)s AND recipe IN (%(recipe)s, '') AND active
