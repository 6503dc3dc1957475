-- Which lots were in *slots* of the machines where things were made, when they were.
SELECT p.time, p.equipment, p.child, m.thing AS parent, NULL::double precision AS from_m,
       NULL::double precision AS to_m, NULL::double precision AS amount_kg
  FROM unnest(%(children)s::text[], %(machines)s::text[], %(times)s::timestamptz[])
           AS p (child, equipment, time)
       JOIN material.mounted m
         ON m.equipment = p.equipment AND m.slot = ANY (%(slots)s) AND m.during @> p.time
 ORDER BY p.time DESC, p.child, m.thing
