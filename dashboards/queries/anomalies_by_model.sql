SELECT model, station, count(*) AS "excursions", count(*) FILTER (WHERE ended_at IS NULL) AS "lasting", max(since) AS "latest"
FROM dash.anomaly
WHERE $__timeFilter(since) AND line IN (${line:sqlstring})
GROUP BY model, station
ORDER BY 3 DESC
LIMIT 50
