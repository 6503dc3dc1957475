SELECT string_agg(
           int8send(hashtextextended(cell, 0)) || timestamptz_send(time) || int4send(machine)
           || int4send(position) || int4send(recipe) || float8send(value), ''::bytea)
  FROM (
    SELECT r.cell, r.time, array_position(%(machines)s::text[], r.equipment) AS machine,
           coalesce(r.position, 0)::int AS position,
           coalesce(array_position(%(recipes)s::text[], r.recipe), 1) AS recipe,
           coalesce({value}, 'NaN') AS value
      FROM {table} AS r
     WHERE r.time BETWEEN %(from_time)s AND %(to_time)s AND r.equipment = ANY (%(machines)s)
       AND ({value} IS NOT NULL OR %(any_value)s)
     ORDER BY r.time DESC
     LIMIT %(most)s) AS visit
