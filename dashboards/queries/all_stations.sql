SELECT title AS __text, station AS __value
FROM dash.station
ORDER BY ordinal
