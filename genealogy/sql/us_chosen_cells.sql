SELECT cell, product, energy_wh, on_date, customer, equipment, position, calibration,
       coalesce(reason, 'eligible') AS reason
  FROM us_cell
 WHERE (%(reason)s::text IS NULL OR coalesce(reason, 'eligible') = %(reason)s)
   AND (%(product)s::text IS NULL OR product = %(product)s)
   AND (%(month)s::date IS NULL OR month = %(month)s)
 ORDER BY cell
 LIMIT %(limit)s
