SELECT id, alert, endpoint, event_type, status, attempts, created_at, next_attempt_at,
       delivered_at, last_status, last_error
  FROM alert.delivery
 ORDER BY status <> 'pending', created_at DESC
 LIMIT %(limit)s
