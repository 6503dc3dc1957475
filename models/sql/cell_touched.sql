SELECT DISTINCT r.cell
  FROM {table} AS r
 WHERE r.batch = ANY (%(batches)s) AND r.time BETWEEN %(from_time)s AND %(to_time)s
