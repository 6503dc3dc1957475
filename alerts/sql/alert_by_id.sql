SELECT line, station, equipment, position, characteristic, direction,
       id, state, severity, title, since, opened_at
  FROM alert.alert
 WHERE id = %(id)s
   FOR UPDATE
