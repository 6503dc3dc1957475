SELECT
  FROM plant.equipment
 WHERE line = %(line)s
   AND (%(station)s = '' OR station = %(station)s)
   AND (%(equipment)s = '' OR name = %(equipment)s)
 LIMIT 1
