-- Collations are named, and OFFSET 0 is there, so that each table is looked up by its index.
SELECT c.cell, q.time, q.grade, q.disposition, h.reason AS held_because, d.what AS commerce, f.doubts,
       CASE WHEN h.reason IS NOT NULL THEN 'on hold'
            ELSE coalesce(d.what, q.disposition, 'not judged') END AS state
FROM ({cells}) AS c (cell)
     LEFT JOIN LATERAL (SELECT time, grade, disposition FROM analysis.cell_quality
                        WHERE cell = c.cell COLLATE "C" OFFSET 0) q ON true
     LEFT JOIN LATERAL (SELECT what, reason FROM material.hold
                        WHERE cell = c.cell COLLATE "default" ORDER BY id DESC LIMIT 1
                       ) h ON h.what = 'hold'
     LEFT JOIN LATERAL (SELECT what FROM ledger.disposition
                        WHERE cell = c.cell COLLATE "default" ORDER BY id DESC LIMIT 1
                       ) d ON true
     LEFT JOIN (SELECT thing, string_agg(DISTINCT kind, ', ') AS doubts
                  FROM material.flag GROUP BY thing) f ON f.thing = c.cell COLLATE "default"
