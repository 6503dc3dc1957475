-- Means of at most 240 pieces of the window.
SELECT to_timestamp(avg(extract(epoch FROM time))), avg({value})
  FROM {table}
 WHERE equipment = %(equipment)s AND time BETWEEN %(begin)s AND %(end)s
   AND (%(position)s::smallint IS NULL OR position = %(position)s) AND {value} IS NOT NULL
 GROUP BY floor(extract(epoch FROM time) / %(piece_s)s)
 ORDER BY 1
