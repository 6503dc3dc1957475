-- The cells that hold some of *things*. What is neither thing nor cell (a slurry, a roll, a strip) is
-- followed by the records of machines that make no cells; those of *makers*, the machines that do,
-- end the way, so that no cell is looked up as a parent. Metres go along: those of a roll are, less
-- the first one that went in, those of the strip that it became. Where a strip is of several pieces,
-- nobody knows which of its metres were whose, so all of it counts.
WITH RECURSIVE thing AS (
    SELECT unnest(%(things)s::text[]) COLLATE "C" AS name, %(from_m)s::double precision AS low,
           %(to_m)s::double precision AS high
    UNION
    SELECT g.child, g.low, g.high
    FROM thing t CROSS JOIN LATERAL (
        SELECT g.child,
               -- Before its first metre nothing is cut off: so that circles come to an end.
               CASE WHEN NOT one.piece THEN NULL
                    WHEN g.from_m <= g.to_m AND t.low > g.from_m THEN t.low - g.from_m
                    WHEN g.from_m > g.to_m AND t.high < g.from_m THEN g.from_m - t.high END AS low,
               CASE WHEN NOT one.piece THEN NULL
                    WHEN g.from_m <= g.to_m THEN t.high - g.from_m
                    ELSE g.from_m - t.low END AS high
        FROM material.genealogy g
             CROSS JOIN LATERAL (
                 SELECT count(p.from_m) = 1 AS piece FROM material.genealogy p
                  WHERE p.child = g.child AND num_nonnulls(t.low, t.high) > 0
             ) one
        WHERE g.parent = t.name AND NOT g.equipment = ANY (%(makers)s)
          AND coalesce(greatest(g.from_m, g.to_m) >= t.low, true)
          AND coalesce(least(g.from_m, g.to_m) <= t.high, true)
        OFFSET 0
    ) g
)
SELECT DISTINCT g.child
FROM thing t JOIN material.genealogy g ON g.parent = t.name
WHERE g.equipment = ANY (%(makers)s)
  AND coalesce(greatest(g.from_m, g.to_m) >= t.low, true)
  AND coalesce(least(g.from_m, g.to_m) <= t.high, true)
