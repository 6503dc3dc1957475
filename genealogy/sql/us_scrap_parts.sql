-- Of which lot the part is that each cell got at its station, if it came so far.
SELECT v.cell, m.thing
  FROM {station} v
       LEFT JOIN material.mounted m
              ON m.equipment = v.equipment AND m.slot = %(slot)s AND m.during @> v.time
 WHERE v.cell = ANY (%(cells)s)
