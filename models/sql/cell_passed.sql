SELECT DISTINCT r.cell
  FROM {table} AS r
 WHERE r.equipment = %(equipment)s AND r.time >= %(since)s
   AND (%(position)s::smallint IS NULL OR r.position = %(position)s)
