-- Places with new events are made anew from the last event before them.
WITH place AS (
    SELECT equipment, slot, min(time) AS since
      FROM material.mount WHERE batch = ANY (%(batches)s)
     GROUP BY equipment, slot
), begin AS (
    SELECT p.equipment, p.slot,
           coalesce((SELECT max(b.time) FROM material.mount b
                      WHERE b.equipment = p.equipment AND b.slot = p.slot AND b.time < p.since),
                    p.since) AS since
      FROM place p
)
DELETE FROM material.mounted m USING begin b
 WHERE m.equipment = b.equipment AND m.slot = b.slot AND m.during && tstzrange(b.since, NULL)
