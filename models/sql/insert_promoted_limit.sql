INSERT INTO analysis.control_limit
    (equipment, position, characteristic, recipe, version, n, mean, sd, k, h, gain, reach, arl0,
     from_time, to_time, model)
SELECT %(equipment)s, %(position)s, %(characteristic)s, %(recipe)s, coalesce(max(version), 0) + 1,
       %(n)s, %(mean)s, %(sd)s, %(k)s, %(h)s, %(gain)s, %(reach)s, %(arl0)s, %(from_time)s,
       %(to_time)s, %(model)s
  FROM analysis.control_limit
 WHERE equipment = %(equipment)s AND position IS NOT DISTINCT FROM %(position)s
   AND characteristic = %(characteristic)s AND recipe = %(recipe)s
RETURNING version
