SELECT equipment, lower(during), upper(during)
  FROM material.mounted
 WHERE thing = %(thing)s AND slot = ANY (%(slots)s)
