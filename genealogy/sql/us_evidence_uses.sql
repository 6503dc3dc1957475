SELECT g.child, g.parent, g.time, g.equipment, g.from_m, g.to_m, g.amount_kg
  FROM material.genealogy g JOIN us_cell c ON c.cell = g.child
 ORDER BY g.child, g.parent, g.time
