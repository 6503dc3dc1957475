SELECT line, min(data_age_s) AS "data age"
FROM dash.station_health
WHERE line IN (${line:sqlstring})
GROUP BY line
ORDER BY line
