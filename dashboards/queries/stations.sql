SELECT s.title AS __text, s.station AS __value
FROM dash.station AS s
WHERE EXISTS (SELECT FROM dash.signal AS g WHERE g.station = s.station AND g.kind = 'cell')
ORDER BY s.ordinal
