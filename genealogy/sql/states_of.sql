SELECT c.cell, q.time, q.grade, q.disposition, h.reason AS held_because, d.what AS commerce, f.doubts
FROM unnest(%(cells)s::text[]) AS c (cell)
     LEFT JOIN analysis.cell_quality q ON q.cell = c.cell
     LEFT JOIN LATERAL (SELECT what, reason FROM material.hold
                        WHERE cell = c.cell ORDER BY id DESC LIMIT 1) h ON h.what = 'hold'
     LEFT JOIN LATERAL (SELECT what FROM ledger.disposition
                        WHERE cell = c.cell ORDER BY id DESC LIMIT 1) d ON true
     LEFT JOIN (SELECT thing, string_agg(DISTINCT kind, ', ') AS doubts
                  FROM material.flag WHERE thing = ANY (%(cells)s) GROUP BY thing) f ON f.thing = c.cell
ORDER BY c.cell
