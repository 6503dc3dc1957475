-- Metres beyond the end of a strip: it was changed, and nobody wrote down for which.
INSERT INTO material.flag (kind, thing, at, detail)
SELECT 'metres beyond the end', g.child, g.time,
       format('%%s took %%s to %%s m of %%s, which is %%s m long: a splice is not recorded', g.child,
              round(g.from_m::numeric, 3), round(g.to_m::numeric, 3), g.parent,
              round(made.metres::numeric, 1))
  FROM material.genealogy g
       CROSS JOIN LATERAL (SELECT max(abs(to_m - from_m)) AS metres FROM material.genealogy
                            WHERE child = g.parent OFFSET 0) made
 WHERE g.batch = ANY (%(batches)s) AND g.time BETWEEN %(from_time)s AND %(to_time)s
   AND greatest(g.from_m, g.to_m) > made.metres + 0.001
ON CONFLICT DO NOTHING
