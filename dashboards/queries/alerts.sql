SELECT severity, title, line, station, equipment, position, since, age_s AS "age", state, assignee, id
FROM dash.alert
WHERE is_open AND line IN (${line:sqlstring})
ORDER BY array_position(ARRAY['high', 'medium', 'low'], severity), opened_at
LIMIT 50
