-- Machine by machine, through the key: OFFSET 0 keeps the planner from reading whole chunks.
COPY (
    SELECT r.batch, r.time, 0::bigint, m.number::int, 0, 1, {names}
      FROM unnest({machines}::text[]) WITH ORDINALITY AS m (name, number)
     CROSS JOIN LATERAL (
           SELECT t.batch, t.time, {values}
             FROM {table} AS t
            WHERE t.equipment = m.name AND t.time BETWEEN {from_time} AND {to_time}
              AND t.batch = ANY ({batches})
           OFFSET 0) AS r
) TO STDOUT (FORMAT BINARY)
