SELECT
    equipment,
    max(time) AS last_time,
    count(*) FILTER (WHERE time > now() - INTERVAL '1 minute' AND time <= now()) AS cells,
    sum({numbers}) FILTER (WHERE time > now() - INTERVAL '1 minute' AND time <= now()) AS numbers
FROM {table}
WHERE time > now() - INTERVAL '5 minutes'
GROUP BY equipment
