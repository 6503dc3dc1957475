-- The cells that hold some of *things*. What is neither thing nor cell (a slurry, a roll, a strip) is
-- followed; cells, which the machines *makers* make, end the way. Metres go along: those of a roll
-- are, less the first one that went in, those of the strip that it became. Where a strip is of several
-- pieces, nobody knows which of its metres were whose, so all of it counts. OFFSET 0 keeps the planner
-- at one look into the index a thing: it would rather read all records.
WITH RECURSIVE thing AS (
    SELECT unnest(%(things)s::text[]) COLLATE "C" AS name, %(from_m)s::double precision AS low,
           %(to_m)s::double precision AS high, false AS is_cell
    UNION
    SELECT g.child, g.low, g.high, g.is_cell
    FROM thing t CROSS JOIN LATERAL (
        SELECT g.child, made.is_cell,
               -- Before its first metre nothing is cut off: so that circles come to an end.
               CASE WHEN NOT one.piece THEN NULL
                    WHEN g.from_m <= g.to_m AND t.low > g.from_m THEN t.low - g.from_m
                    WHEN g.from_m > g.to_m AND t.high < g.from_m THEN g.from_m - t.high END AS low,
               CASE WHEN NOT one.piece THEN NULL
                    WHEN g.from_m <= g.to_m THEN t.high - g.from_m
                    ELSE g.from_m - t.low END AS high
        FROM material.genealogy g
             CROSS JOIN LATERAL (SELECT g.equipment = ANY (%(makers)s) AS is_cell) made
             CROSS JOIN LATERAL (
                 SELECT CASE WHEN made.is_cell OR num_nonnulls(t.low, t.high) = 0 THEN false
                             ELSE (SELECT count(p.from_m) = 1 FROM material.genealogy p
                                    WHERE p.child = g.child) END AS piece
             ) one
        WHERE g.parent = t.name
          AND coalesce(greatest(g.from_m, g.to_m) >= t.low, true)
          AND coalesce(least(g.from_m, g.to_m) <= t.high, true)
        OFFSET 0
    ) g
    WHERE NOT t.is_cell
)
SELECT name FROM thing WHERE is_cell
