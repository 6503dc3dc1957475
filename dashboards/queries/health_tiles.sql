SELECT line, station, title, health
FROM dash.station_health
WHERE line IN (${line:sqlstring})
ORDER BY line, ordinal
