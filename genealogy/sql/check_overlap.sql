-- Two cells cannot hold the same metres of a strip. One look into the index a strip: see upstream.sql.
INSERT INTO material.flag (kind, thing, at, detail)
WITH strip AS MATERIALIZED (
    SELECT DISTINCT n.parent FROM material.genealogy n
     WHERE n.batch = ANY (%(batches)s) AND n.time BETWEEN %(from_time)s AND %(to_time)s
       AND n.equipment = ANY (%(makers)s) AND n.from_m IS NOT NULL
)
SELECT 'metres of two cells', child, time,
       format('%%s took metres of %%s from %%s, of which %%s has those to %%s', child, parent,
              round(low::numeric, 3), before, round(before_high::numeric, 3))
  FROM (
    SELECT g.child, g.parent, g.time, least(g.from_m, g.to_m) AS low,
           lag(g.child) OVER strip AS before,
           lag(greatest(g.from_m, g.to_m)) OVER strip AS before_high
      FROM strip s CROSS JOIN LATERAL (
               SELECT * FROM material.genealogy WHERE parent = s.parent
                  AND from_m IS NOT NULL AND to_m IS NOT NULL OFFSET 0
           ) g
     WHERE g.equipment = ANY (%(makers)s)
    WINDOW strip AS (PARTITION BY g.parent ORDER BY least(g.from_m, g.to_m), g.child)
  ) metre
 WHERE before <> child AND low < before_high - 0.001
ON CONFLICT DO NOTHING
