-- The cells that hold some of *things*. What is neither thing nor cell (a slurry, a roll, a strip) is
-- followed by the records of machines that make no cells; those of *makers*, the machines that do,
-- end the way, so that no cell is looked up as a parent. Metres choose among the things' own uses.
WITH RECURSIVE thing AS (
    SELECT unnest(%(things)s::text[]) COLLATE "C" AS name, true AS is_first
    UNION
    SELECT g.child, false
    FROM thing t CROSS JOIN LATERAL (
        SELECT g.child
        FROM material.genealogy g
        WHERE g.parent = t.name AND NOT g.equipment = ANY (%(makers)s)
          AND (NOT t.is_first
               OR coalesce(greatest(g.from_m, g.to_m) >= %(from_m)s::double precision, true)
                  AND coalesce(least(g.from_m, g.to_m) <= %(to_m)s::double precision, true))
        OFFSET 0
    ) g
)
SELECT DISTINCT g.child
FROM thing t JOIN material.genealogy g ON g.parent = t.name
WHERE g.equipment = ANY (%(makers)s)
  AND (NOT t.is_first
       OR coalesce(greatest(g.from_m, g.to_m) >= %(from_m)s::double precision, true)
          AND coalesce(least(g.from_m, g.to_m) <= %(to_m)s::double precision, true))
