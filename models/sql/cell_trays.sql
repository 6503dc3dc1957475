-- Cells by when they left their trays, at some machines only where these are named.
SELECT r.cell
  FROM {table} AS r
 WHERE r.time BETWEEN {from_time} AND {to_time} AND r.equipment = ANY ({machines})
