SELECT string_agg(int8send(hashtextextended(r.cell, 0)) || {values}, ''::bytea ORDER BY r.time)
  FROM {table} AS r
 WHERE r.time BETWEEN %(from_time)s AND %(to_time)s AND r.equipment = ANY (%(machines)s)
