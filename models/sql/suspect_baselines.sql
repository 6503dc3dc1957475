SELECT equipment, coalesce(position, 0), recipe, mean, sd
  FROM analysis.control_limit
 WHERE active AND characteristic = %(characteristic)s AND equipment = ANY (%(machines)s)
