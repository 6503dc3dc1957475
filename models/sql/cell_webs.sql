-- How strips were made, and of what, as far as metres are told; OFFSET 0 keeps the planner at one
-- look into the index a record.
WITH RECURSIVE uses AS (
    SELECT s.strip, g.*
      FROM unnest(%(strips)s::text[]) AS s (strip) CROSS JOIN LATERAL (
          SELECT child, parent, equipment, time, from_m
            FROM material.genealogy
           WHERE child = s.strip
          OFFSET 0) AS g
    UNION
    SELECT u.strip, g.*
      FROM uses AS u CROSS JOIN LATERAL (
          SELECT child, parent, equipment, time, from_m
            FROM material.genealogy
           WHERE child = u.parent AND u.from_m IS NOT NULL
          OFFSET 0) AS g
)
SELECT strip, child, parent, equipment, time, from_m FROM uses
