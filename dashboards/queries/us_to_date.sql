SELECT time AS "time", title AS metric, credit_usd AS value
FROM dash.us_product
WHERE $__timeFilter(time) AND year::text IN (${year:sqlstring}) AND product IN (${product:sqlstring})
ORDER BY 1
LIMIT 2000
