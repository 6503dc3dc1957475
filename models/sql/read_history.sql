COPY (
    SELECT 0::bigint, t.time, 0::bigint, 1, 0, 1, {values}
      FROM {table} AS t
     WHERE t.equipment = {machine} AND t.time >= {from_time} AND t.time < {to_time}
) TO STDOUT (FORMAT BINARY)
