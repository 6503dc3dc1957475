-- All that was made from a thing, directly or through others. Metres go along: those of a roll are,
-- less the first one that went in, those of the strip that it became; where a strip is of several
-- pieces, nobody knows which of its metres were whose, so all of it counts. A use without metres, an
-- amount of a lot, may be any part, so it counts. A roll unwound from its far end has from_m above
-- to_m. UNION and OFFSET 0 are there for the reasons told in upstream.sql.
WITH RECURSIVE uses AS (
    SELECT g.time, g.equipment, g.child, g.parent, g.from_m, g.to_m, g.amount_kg,
           %(from_m)s::double precision AS low, %(to_m)s::double precision AS high
    FROM material.genealogy g
    WHERE g.parent = %(parent)s
      AND coalesce(greatest(g.from_m, g.to_m) >= %(from_m)s::double precision, true)
      AND coalesce(least(g.from_m, g.to_m) <= %(to_m)s::double precision, true)
    UNION
    SELECT behind.*
    FROM uses
         CROSS JOIN LATERAL (
             SELECT count(p.from_m) = 1 AS piece FROM material.genealogy p
              WHERE p.child = uses.child AND num_nonnulls(uses.low, uses.high) > 0
         ) one
         CROSS JOIN LATERAL (
             -- Before its first metre nothing is cut off: so that circles come to an end.
             SELECT CASE WHEN NOT one.piece THEN NULL
                         WHEN uses.from_m <= uses.to_m AND uses.low > uses.from_m
                             THEN uses.low - uses.from_m
                         WHEN uses.from_m > uses.to_m AND uses.high < uses.from_m
                             THEN uses.from_m - uses.high END AS low,
                    CASE WHEN NOT one.piece THEN NULL
                         WHEN uses.from_m <= uses.to_m THEN uses.high - uses.from_m
                         ELSE uses.from_m - uses.low END AS high
         ) own
         CROSS JOIN LATERAL (
             SELECT g.time, g.equipment, g.child, g.parent, g.from_m, g.to_m, g.amount_kg,
                    own.low, own.high
             FROM material.genealogy g
             WHERE g.parent = uses.child
               AND coalesce(greatest(g.from_m, g.to_m) >= own.low, true)
               AND coalesce(least(g.from_m, g.to_m) <= own.high, true)
             OFFSET 0
         ) behind
    WHERE uses.child <> %(parent)s AND NOT uses.equipment = ANY (%(makers)s)
)
SELECT DISTINCT time, equipment, child, parent, from_m, to_m, amount_kg FROM uses
ORDER BY time, child, parent
