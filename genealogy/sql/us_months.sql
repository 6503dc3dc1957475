SELECT product, month, count(*), sum(counted_wh)
  FROM us_cell WHERE reason IS NULL GROUP BY product, month ORDER BY product, month
