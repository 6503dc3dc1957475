SELECT count(*)
  FROM {table}
 WHERE time BETWEEN %(from_time)s AND %(to_time)s AND batch = ANY (%(batches)s)
