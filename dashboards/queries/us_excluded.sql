SELECT reason AS "because", sum(kwh) AS "kWh"
FROM dash.us_excluded
WHERE is_latest AND year::text IN (${year:sqlstring}) AND product IN (${product:sqlstring})
GROUP BY 1
ORDER BY 2 DESC
LIMIT 12
