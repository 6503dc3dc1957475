SELECT line, station, equipment, state = 'returned' OR return_due_at IS NOT NULL
  FROM alert.alert
 WHERE kind = %(kind)s AND characteristic = 'signal' AND closed_at IS NULL
