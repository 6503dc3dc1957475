-- The states of machines from a time on, and what each was in then.
SELECT m.name, s.time, s.state, s.recipe
  FROM unnest(%(machines)s::text[]) AS m (name)
 CROSS JOIN LATERAL (
       (SELECT time, state, recipe FROM machine.state
         WHERE equipment = m.name AND time < %(from_time)s
         ORDER BY time DESC LIMIT 1)
       UNION ALL
       SELECT time, state, recipe FROM machine.state
        WHERE equipment = m.name AND time >= %(from_time)s) AS s
 ORDER BY m.name, s.time
