SELECT count(*), coalesce(sum(energy_wh), 0) / 1000
  FROM us_cell
 WHERE (%(reason)s::text IS NULL OR coalesce(reason, 'eligible') = %(reason)s)
   AND (%(product)s::text IS NULL OR product = %(product)s)
   AND (%(month)s::date IS NULL OR month = %(month)s)
   AND (%(cells)s::text[] IS NULL OR cell = ANY (%(cells)s))
