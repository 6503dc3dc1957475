SELECT y.title AS step, y.cells, y.first_pass AS "first pass", y.rolled, o.availability, o.effectiveness, o.quality, o.oee
FROM dash.yield_24h AS y
LEFT JOIN dash.oee_24h AS o ON o.line = y.line AND o.station = y.station
WHERE y.line IN (${line:sqlstring})
ORDER BY y.line, y.ordinal
