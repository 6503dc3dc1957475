SELECT product, count(*), sum(counted_wh) FROM us_cell WHERE reason IS NULL GROUP BY product ORDER BY product
