SELECT time AS last_time
FROM {table}
WHERE equipment = e.name AND time > now() - INTERVAL '1 hour'
ORDER BY time DESC
LIMIT 1
