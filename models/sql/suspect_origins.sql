-- All that the cells of some time were made of, directly or through others; the cells themselves
-- are left out. OFFSET 0 keeps the planner at one look into the index a record.
WITH RECURSIVE used AS (
    SELECT DISTINCT parent AS thing
      FROM material.genealogy
     WHERE time BETWEEN %(from_time)s AND %(to_time)s AND equipment = ANY (%(machines)s)
), uses AS (
    SELECT g.*
      FROM used CROSS JOIN LATERAL (
          SELECT child, parent, equipment, time, from_m, amount_kg
            FROM material.genealogy
           WHERE child = used.thing
          OFFSET 0) AS g
    UNION
    SELECT g.*
      FROM uses CROSS JOIN LATERAL (
          SELECT child, parent, equipment, time, from_m, amount_kg
            FROM material.genealogy
           WHERE child = uses.parent
          OFFSET 0) AS g
)
SELECT child, parent, equipment, time, coalesce(from_m, 0), coalesce(amount_kg, 0),
       hashtextextended(child, 0)
  FROM uses
 ORDER BY child, amount_kg DESC NULLS LAST, parent
