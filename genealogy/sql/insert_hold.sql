-- What is in that state already gets no row.
INSERT INTO material.hold (who, what, cell, reason)
SELECT %(who)s, %(what)s, c.cell, %(reason)s
FROM unnest(%(cells)s::text[]) AS c (cell)
     LEFT JOIN LATERAL (SELECT what FROM material.hold
                        WHERE cell = c.cell ORDER BY id DESC LIMIT 1) h ON true
WHERE (h.what IS DISTINCT FROM 'hold') = (%(what)s = 'hold')
