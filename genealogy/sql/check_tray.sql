-- Cells fill a tray in the order in which they were wound; read the other way round, the tray was
-- turned in its place, and each result is another cell's.
INSERT INTO material.flag (kind, thing, at, detail)
SELECT 'tray turned', equipment, min(time),
       format('%%s cells in %%s from %%s on are read from the last channel to the first', count(*),
              equipment, min(time))
  FROM (
    SELECT t.equipment, t.time, t.position, made.at,
           date_bin('1 hour', t.time, 'epoch') AS hour
      FROM {table} t
           CROSS JOIN LATERAL (
               -- OFFSET 0: or the least time is sought from the begin of all records.
               SELECT min(g.time) AS at
                 FROM (SELECT time FROM material.genealogy WHERE child = t.cell OFFSET 0) g
           ) made
     WHERE t.batch = ANY (%(batches)s) AND t.time BETWEEN %(from_time)s AND %(to_time)s
       AND made.at IS NOT NULL
  ) seen
 GROUP BY equipment, hour
HAVING count(*) >= %(least)s AND corr(position, extract(epoch FROM at)) < -0.9
ON CONFLICT DO NOTHING
