-- Machine by machine, through the key: OFFSET 0 keeps the planner from reading whole chunks.
SELECT count(*)
  FROM unnest(%(machines)s::text[]) AS m (name)
 CROSS JOIN LATERAL (
       SELECT
         FROM {table} AS t
        WHERE t.equipment = m.name AND t.time BETWEEN %(from_time)s AND %(to_time)s
          AND t.batch = ANY (%(batches)s)
       OFFSET 0) AS r
