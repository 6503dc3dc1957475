COPY (
    SELECT hashtextextended(r.cell, 0), r.time, m.number::int, coalesce(r.position, 0)::int,
           coalesce(array_position({recipes}::text[], r.recipe), 1), coalesce({value}, 'NaN')
      FROM {table} AS r
      JOIN unnest({machines}::text[]) WITH ORDINALITY AS m (name, number) ON m.name = r.equipment
     WHERE r.time BETWEEN {from_time} AND {to_time} AND ({value} IS NOT NULL OR {any_value})
     ORDER BY r.time DESC
     LIMIT {most}
) TO STDOUT (FORMAT BINARY)
