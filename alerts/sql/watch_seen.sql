SELECT w.equipment, w.seen_at,
       extract(epoch FROM now() - w.seen_at)::double precision AS silence_s
  FROM alert.watch AS w
  LEFT JOIN LATERAL (
       SELECT state
         FROM machine.state
        WHERE equipment = w.equipment AND time > now() - INTERVAL '30 days'
          AND time <= now() + INTERVAL '1 minute'
        ORDER BY time DESC
        LIMIT 1) AS last ON true
 WHERE last.state IS NULL OR last.state <> ALL (%(silent)s)
 ORDER BY w.equipment
