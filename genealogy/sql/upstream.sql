-- All that went into a thing, directly or through others. UNION, not UNION ALL, takes each record
-- once, so records that go round in a circle end. OFFSET 0 keeps the planner at one look into the
-- index a record; it would rather read the whole table, expecting far more records than come.
WITH RECURSIVE uses AS (
    SELECT g.time, g.equipment, g.child, g.parent, g.from_m, g.to_m, g.amount_kg
    FROM material.genealogy g
    WHERE g.child = %(child)s
    UNION
    SELECT behind.*
    FROM uses CROSS JOIN LATERAL (
        SELECT g.time, g.equipment, g.child, g.parent, g.from_m, g.to_m, g.amount_kg
        FROM material.genealogy g
        WHERE g.child = uses.parent
        OFFSET 0
    ) behind
)
SELECT * FROM uses
ORDER BY time DESC, child, parent
