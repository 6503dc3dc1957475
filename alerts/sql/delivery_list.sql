SELECT id, alert, event, endpoint, event_type, status, attempts, created_at, next_attempt_at,
       delivered_at, last_status, last_error
  FROM alert.delivery
 WHERE (%(alert)s::bigint IS NULL OR alert = %(alert)s)
   AND (%(status)s::text IS NULL OR status = %(status)s)
 ORDER BY status <> 'pending', created_at DESC
 LIMIT %(limit)s
