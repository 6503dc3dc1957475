-- On which lot of a foil the coaters of a group made each of *rolls*: the one that was on them then.
-- No lot where nobody recorded it; no row for rolls of other coaters.
SELECT DISTINCT ON (g.child) g.child, m.thing
  FROM material.genealogy g
       JOIN plant.equipment e ON e.name = g.equipment AND e.equipment_group = %(group)s
       LEFT JOIN material.mounted m
              ON m.equipment = g.equipment AND m.slot = %(slot)s AND m.during @> g.time
 WHERE g.child = ANY (%(rolls)s)
 ORDER BY g.child, g.time
