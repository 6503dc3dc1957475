SELECT min(title || ' [' || unit || ']') AS __text, characteristic AS __value
FROM dash.signal
WHERE kind = 'telemetry' AND NOT per_position AND station IN (${station:sqlstring})
GROUP BY characteristic
ORDER BY min(ordinal)
