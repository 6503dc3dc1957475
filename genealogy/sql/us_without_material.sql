-- What no record of material leads to cannot be certified.
UPDATE us_cell c SET reason = 'material not recorded'
 WHERE c.reason IS NULL
   AND NOT EXISTS (SELECT FROM material.genealogy g WHERE g.child = c.cell)
