SELECT now() AS "time", line AS metric, coalesce(min(data_age_s), 3600) AS value
FROM dash.station_health
GROUP BY line
ORDER BY 1
