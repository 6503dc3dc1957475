-- Something went in before it was made.
INSERT INTO material.flag (kind, thing, at, detail)
SELECT 'used before it was made', g.child, g.time,
       format('%%s went into %%s at %%s, and was made at %%s', g.parent, g.child, g.time, made.at)
  FROM material.genealogy g
       CROSS JOIN LATERAL (
           -- OFFSET 0: or the least time is sought from the begin of all records.
           SELECT min(p.time) AS at
             FROM (SELECT time FROM material.genealogy WHERE child = g.parent OFFSET 0) p
       ) made
 WHERE g.batch = ANY (%(batches)s) AND g.time BETWEEN %(from_time)s AND %(to_time)s
   AND made.at > g.time
ON CONFLICT DO NOTHING
