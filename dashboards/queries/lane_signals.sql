SELECT min(title || ' [' || unit || ']') AS __text, characteristic AS __value
FROM dash.signal
WHERE kind = 'telemetry' AND per_position AND station = 'coating'
GROUP BY characteristic
ORDER BY min(ordinal)
