SELECT g.child, g.parent, sum(abs(g.to_m - g.from_m))
  FROM material.genealogy g
 WHERE g.child = ANY (%(cells)s) AND g.from_m IS NOT NULL AND g.to_m IS NOT NULL
 GROUP BY g.child, g.parent
