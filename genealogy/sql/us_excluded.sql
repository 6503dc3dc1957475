SELECT coalesce(product, 'unknown'), reason, count(*), coalesce(sum(counted_wh), 0)
  FROM us_cell WHERE reason IS NOT NULL GROUP BY 1, 2 ORDER BY 1, 3 DESC, 2
