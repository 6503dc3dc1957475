SELECT line, (array_agg(health ORDER BY array_position(ARRAY['alert', 'stale', 'suspected', 'normal'], health)))[1] AS health
FROM dash.station_health
WHERE line IN (${line:sqlstring})
GROUP BY line
ORDER BY line
