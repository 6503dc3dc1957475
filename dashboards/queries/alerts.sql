SELECT severity, title, station, equipment, position, since, age_s AS "age", state
FROM dash.alert
WHERE is_open AND line IN (${line:sqlstring})
ORDER BY array_position(ARRAY['high', 'medium', 'low'], severity), opened_at
LIMIT 50
