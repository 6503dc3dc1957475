SELECT equipment, position
  FROM {table}
 WHERE cell = ANY (%(cells)s) AND equipment = ANY (%(machines)s)
 GROUP BY 1, 2
 ORDER BY count(*) DESC, 1, 2
 LIMIT 8
