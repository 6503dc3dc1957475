-- How many there are of each state, and the first of them: one row even where there are none.
WITH found AS MATERIALIZED (
    {states}
)
SELECT counted.counts, first.*
  FROM (SELECT jsonb_object_agg(state, cells) AS counts
          FROM (SELECT state, count(*) AS cells FROM found GROUP BY state) AS by_state) AS counted
       LEFT JOIN (SELECT * FROM found ORDER BY cell LIMIT {most}) AS first ON true
