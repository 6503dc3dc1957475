SELECT sum(values_per_s) AS "values/s"
FROM dash.station_health
WHERE line IN (${line:sqlstring})
