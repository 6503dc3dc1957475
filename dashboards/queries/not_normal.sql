SELECT line, title AS station, health, data_age_s AS "data age", open_alerts AS "alerts"
FROM dash.station_health
WHERE line IN (${line:sqlstring}) AND health <> 'normal'
ORDER BY array_position(ARRAY['alert', 'stale', 'suspected'], health), line, ordinal
LIMIT 100
