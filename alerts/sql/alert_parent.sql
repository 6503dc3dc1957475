-- An open alert that explains this one: about the machine that this one suspects, with the same
-- first suspect, or (for a lost signal) about the larger place. The first one; never one that is
-- explained itself, so there are no circles.
SELECT parent.id, parent.title
  FROM alert.alert AS child
  JOIN alert.alert AS parent
    ON parent.id <> child.id AND parent.closed_at IS NULL
   AND parent.suppressed IS DISTINCT FROM 'explained'
   AND parent.kind = child.kind
 WHERE child.id = %(id)s
   AND CASE child.kind
       WHEN 'process' THEN
           -- The value of a place is machine:position, or the machine alone.
           (child.suspect_factor IN ('equipment', 'position', 'lane', 'channel', 'tray', 'sensor')
            AND split_part(child.suspect_value, ':', 1) = parent.equipment
            AND child.equipment <> parent.equipment
            -- Not both ways round: the two would wait for each other.
            AND split_part(coalesce(parent.suspect_value, ''), ':', 1) <> child.equipment)
           OR (child.suspect_factor = parent.suspect_factor
               AND child.suspect_value = parent.suspect_value
               AND (child.line = parent.line OR child.suspect_factor IN ('lot', 'slurry', 'roll'))
               AND parent.id < child.id)
       WHEN 'signal_lost' THEN
           -- A sensor of a machine from which nothing comes at all.
           (child.characteristic <> 'signal' AND parent.characteristic = 'signal'
            AND parent.equipment = child.equipment)
           OR (parent.line = '' AND child.line <> '' AND parent.characteristic = 'signal')
           OR (parent.line = child.line
               AND (parent.station = '' AND child.station <> ''
                    OR parent.station = child.station AND parent.equipment = ''
                       AND child.equipment <> ''))
       ELSE false
       END
 ORDER BY parent.id
 LIMIT 1
