-- An unmount must name what the last mount before it put there.
INSERT INTO material.flag (kind, thing, at, detail)
SELECT 'unmounted elsewhere', e.thing, e.time,
       format('%%s was taken off %%s, %%s, where %%s was', e.thing, e.equipment, e.slot,
              coalesce(before.thing, 'nothing'))
  FROM material.mount e
       LEFT JOIN LATERAL (
           SELECT CASE WHEN b.action = 'unmount' THEN NULL ELSE b.thing END AS thing
             FROM material.mount b
            WHERE b.equipment = e.equipment AND b.slot = e.slot AND b.time < e.time
            ORDER BY b.time DESC LIMIT 1
       ) before ON true
 WHERE e.batch = ANY (%(batches)s) AND e.action = 'unmount'
   AND before.thing IS DISTINCT FROM e.thing
ON CONFLICT DO NOTHING
