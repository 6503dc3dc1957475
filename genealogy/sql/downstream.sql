-- All that was made from a thing, directly or through others. Metres choose among its own uses
-- only: behind them other things have metres of their own. A use without metres, an amount of a
-- lot, may be any part, so it counts. A roll unwound from its far end has from_m above to_m.
-- UNION and OFFSET 0 are there for the reasons told in upstream.sql.
WITH RECURSIVE uses AS (
    SELECT g.time, g.equipment, g.child, g.parent, g.from_m, g.to_m, g.amount_kg
    FROM material.genealogy g
    WHERE g.parent = %(parent)s
      AND coalesce(greatest(g.from_m, g.to_m) >= %(from_m)s::double precision, true)
      AND coalesce(least(g.from_m, g.to_m) <= %(to_m)s::double precision, true)
    UNION
    SELECT behind.*
    FROM uses CROSS JOIN LATERAL (
        SELECT g.time, g.equipment, g.child, g.parent, g.from_m, g.to_m, g.amount_kg
        FROM material.genealogy g
        WHERE g.parent = uses.child
        OFFSET 0
    ) behind
    WHERE uses.child <> %(parent)s
)
SELECT * FROM uses
ORDER BY time, child, parent
