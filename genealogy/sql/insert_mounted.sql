-- What clear_mounted.sql has cleared. Events of batches that are yet to be followed may be among them.
WITH place AS (
    SELECT equipment, slot, min(time) AS since
      FROM material.mount WHERE batch = ANY (%(batches)s)
     GROUP BY equipment, slot
), event AS (
    SELECT e.*, lead(e.time) OVER (PARTITION BY e.equipment, e.slot ORDER BY e.time) AS until
      FROM place p JOIN material.mount e USING (equipment, slot)
     WHERE e.time >= coalesce((SELECT max(b.time) FROM material.mount b
                                WHERE b.equipment = p.equipment AND b.slot = p.slot
                                  AND b.time < p.since), p.since)
)
INSERT INTO material.mounted (equipment, slot, thing, during)
SELECT equipment, slot, thing, tstzrange(time, until)
  FROM event WHERE action IS DISTINCT FROM 'unmount'
