-- Who placed a cell in a channel said which; its results speak of another one.
INSERT INTO material.flag (kind, thing, at, detail)
SELECT 'another cell was placed there', t.cell, t.time,
       format('%%s is told of %%s, channel %%s, where %%s was placed', t.cell, t.equipment, t.position,
              m.thing)
  FROM {table} t
       JOIN material.mounted m
         ON m.equipment = t.equipment AND m.slot = {position} || ' ' || t.position
            AND m.during @> t.time
 WHERE t.batch = ANY (%(batches)s) AND t.time BETWEEN %(from_time)s AND %(to_time)s
   AND m.thing <> t.cell
ON CONFLICT DO NOTHING
