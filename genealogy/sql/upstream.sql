-- All that went into a thing, directly or through others. UNION, not UNION ALL: a thing is
-- visited once, so that records that go round in a circle end, and shared material costs once.
WITH RECURSIVE made (id) AS (
    SELECT %(child)s::text COLLATE "C"
    UNION
    SELECT g.parent FROM made JOIN material.genealogy g ON g.child = made.id
)
SELECT g.time, g.equipment, g.child, g.parent, g.from_m, g.to_m, g.amount_kg
FROM made JOIN material.genealogy g ON g.child = made.id
ORDER BY g.time DESC, g.child, g.parent
