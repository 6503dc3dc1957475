-- Machines, and when, that made what a machine was working on; the machine itself is left out.
WITH RECURSIVE uses AS (
    SELECT child, parent, equipment, time
      FROM material.genealogy
     WHERE equipment = %(equipment)s AND time BETWEEN %(from_time)s AND %(to_time)s
    UNION
    SELECT g.*
      FROM uses CROSS JOIN LATERAL (
          SELECT child, parent, equipment, time
            FROM material.genealogy
           WHERE child = uses.parent
          OFFSET 0) AS g
)
SELECT DISTINCT equipment, time FROM uses WHERE equipment <> %(equipment)s
