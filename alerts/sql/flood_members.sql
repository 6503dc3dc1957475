SELECT f.line, f.station, f.equipment, f.position, f.characteristic, f.direction, f.is_on
  FROM alert.alert AS a
  JOIN alert.flooded AS f ON f.alert = a.id
 WHERE a.closed_at IS NULL AND a.kind = 'flood'
