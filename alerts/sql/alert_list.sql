SELECT id, opened_at, closed_at, state, severity, line, station, equipment, position,
       characteristic, direction, title, since, details
  FROM alert.alert
 WHERE closed_at IS NULL OR %(all)s
 ORDER BY closed_at IS NOT NULL, opened_at DESC
