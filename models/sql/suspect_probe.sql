SELECT DISTINCT cell
  FROM {table}
 WHERE time = ANY (%(times)s) AND time BETWEEN %(first)s AND %(last)s AND equipment = ANY (%(machines)s)
