SELECT sum({numbers}) AS numbers
FROM {table}
WHERE equipment = e.name AND time > now() - INTERVAL '1 minute' AND time <= now()
