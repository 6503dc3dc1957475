SELECT alert, route
  FROM alert.escalation
 WHERE due_at <= clock_timestamp()
 ORDER BY due_at
 LIMIT 100
