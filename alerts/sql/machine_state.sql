SELECT state
  FROM machine.state
 WHERE equipment = %(equipment)s AND time > now() - INTERVAL '30 days'
   AND time <= now() + INTERVAL '1 minute'
 ORDER BY time DESC
 LIMIT 1
