SELECT cell, product, rated_wh, energy_wh, test_standard, grade, disposition, on_date, customer,
       customer_class, equipment, position, calibration, coalesce(reason, 'eligible') AS reason
  FROM us_cell
 WHERE (%(reason)s::text IS NULL OR coalesce(reason, 'eligible') = %(reason)s)
   AND (%(product)s::text IS NULL OR product = %(product)s)
   AND (%(month)s::date IS NULL OR month = %(month)s)
   AND (%(cells)s::text[] IS NULL OR cell = ANY (%(cells)s))
 ORDER BY cell
 LIMIT %(limit)s
