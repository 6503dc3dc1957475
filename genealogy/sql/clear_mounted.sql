-- Places with new events are made anew from the last event before them.
WITH place AS (
    SELECT equipment, slot, min(time) AS since
      FROM material.mount WHERE batch = ANY (%(batches)s)
     GROUP BY equipment, slot
)
DELETE FROM material.mounted m USING place p
 WHERE m.equipment = p.equipment AND m.slot = p.slot AND m.during && tstzrange(p.since, NULL)
