-- A result of the cells that were wound of some metres of some strips.
SELECT string_agg(int8send(w.number) || float8send(g.from_m) || float8send(r.value), ''::bytea)
  FROM unnest(%(number)s::bigint[], %(strip)s::text[], %(from_m)s::double precision[],
              %(to_m)s::double precision[]) AS w (number, strip, from_m, to_m)
 CROSS JOIN LATERAL (
       SELECT child, from_m
         FROM material.genealogy
        WHERE parent = w.strip AND from_m BETWEEN w.from_m AND w.to_m
          AND time BETWEEN %(from_time)s AND %(to_time)s
       OFFSET 0) AS g
 CROSS JOIN LATERAL (
       SELECT {value} AS value
         FROM {table} AS t
        WHERE t.cell = g.child AND t.time BETWEEN %(from_time)s AND %(to_time)s
        ORDER BY t.time DESC
        LIMIT 1) AS r
 WHERE r.value IS NOT NULL AND r.value <> 'NaN'
