-- All that was made from a thing, directly or through others. Metres choose among its own uses
-- only: behind them other things have metres of their own. A use without metres, an amount of a
-- lot, may be any part, so it counts. A roll unwound from its far end has from_m above to_m.
WITH RECURSIVE used AS (
    SELECT g.time, g.equipment, g.child, g.parent, g.from_m, g.to_m, g.amount_kg
    FROM material.genealogy g
    WHERE g.parent = %(parent)s
      AND coalesce(greatest(g.from_m, g.to_m) >= %(from_m)s::double precision, true)
      AND coalesce(least(g.from_m, g.to_m) <= %(to_m)s::double precision, true)
), reached (id) AS (
    SELECT child FROM used
    UNION
    SELECT g.child
    FROM reached JOIN material.genealogy g ON g.parent = reached.id
    WHERE reached.id <> %(parent)s
)
SELECT * FROM used
UNION ALL
SELECT g.time, g.equipment, g.child, g.parent, g.from_m, g.to_m, g.amount_kg
FROM reached JOIN material.genealogy g ON g.parent = reached.id
WHERE reached.id <> %(parent)s
ORDER BY time, child, parent
