-- Of which lots of a bought part (electrolyte, separator, can) the cells of each month are: the lot
-- that was on the machine when the cell was there. No lot where nobody recorded the one or the other.
SELECT c.month, m.thing AS lot, count(*) AS cells
  FROM us_cell c
       LEFT JOIN {station} v ON v.cell = c.cell
       LEFT JOIN material.mounted m
              ON m.equipment = v.equipment AND m.slot = %(slot)s AND m.during @> v.time
 WHERE c.reason IS NULL AND c.product = %(product)s
 GROUP BY c.month, m.thing
