SELECT line, severity, state, coalesce(suppressed, ''), count(*)
  FROM alert.alert
 WHERE closed_at IS NULL
 GROUP BY line, severity, state, suppressed
