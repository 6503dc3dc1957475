-- Which metres of which strips are in some cells, strip by strip.
SELECT g.parent, string_agg(
           int8send(c.number) || float8send(g.from_m) || float8send(g.to_m), ''::bytea)
  FROM unnest(%(cells)s::text[]) WITH ORDINALITY AS c (cell, number)
 CROSS JOIN LATERAL (
       SELECT parent, from_m, to_m
         FROM material.genealogy
        WHERE child = c.cell AND time BETWEEN %(from_time)s AND %(to_time)s AND to_m > from_m
       OFFSET 0) AS g
 GROUP BY g.parent
