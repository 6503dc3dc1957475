INSERT INTO analysis.watch (equipment, model, last_time, statistic, limit_value, is_on, memory)
VALUES (%s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (equipment) DO UPDATE
   SET model = excluded.model, last_time = excluded.last_time, statistic = excluded.statistic,
       limit_value = excluded.limit_value, is_on = excluded.is_on, memory = excluded.memory
