SELECT min(title || ' [' || unit || ']') AS __text, characteristic AS __value
FROM dash.signal
WHERE kind = 'cell' AND station = 'formation'
GROUP BY characteristic
ORDER BY min(ordinal)
