-- How many cells there are, how many of each state, and the first of them: one row even where there
-- are none. Of more than {counted} cells only the first are looked up: LIMIT NULL is no limit.
WITH chosen AS MATERIALIZED (
    SELECT chosen.cell, count(*) OVER () AS total FROM ({cells}) AS chosen (cell)
), first AS MATERIALIZED (
    SELECT cell FROM chosen ORDER BY cell
    LIMIT (SELECT CASE WHEN max(total) > {counted} THEN {most} END FROM chosen)
), found AS MATERIALIZED (
    {states}
)
SELECT (SELECT coalesce(max(total), 0) FROM chosen), counted.counts, shown.*
  FROM (SELECT jsonb_object_agg(state, cells) AS counts
          FROM (SELECT state, count(*) AS cells FROM found GROUP BY state) AS by_state) AS counted
       LEFT JOIN (SELECT * FROM found ORDER BY cell LIMIT {most}) AS shown ON true
