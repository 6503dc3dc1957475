-- How many metres of each strip went into the cells of each product and month.
SELECT c.product, c.month, g.parent AS strip, sum(abs(g.to_m - g.from_m)) AS metres
  FROM us_cell c JOIN material.genealogy g ON g.child = c.cell
 WHERE c.reason IS NULL AND g.from_m IS NOT NULL AND g.to_m IS NOT NULL
 GROUP BY c.product, c.month, g.parent
