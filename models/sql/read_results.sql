COPY (
    SELECT r.batch, r.time, hashtextextended(r.cell, 0), m.number::int, coalesce(r.position, 0)::int,
           coalesce(array_position({recipes}::text[], r.recipe), 1)::int, {values}
      FROM {table} AS r
      JOIN unnest({machines}::text[]) WITH ORDINALITY AS m (name, number) ON m.name = r.equipment
     WHERE r.batch = ANY ({batches}) AND r.time BETWEEN {from_time} AND {to_time}
) TO STDOUT (FORMAT BINARY)
