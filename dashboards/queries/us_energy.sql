SELECT sum(kwh) AS "eligible"
FROM dash.us_product
WHERE is_latest AND year::text IN (${year:sqlstring}) AND product IN (${product:sqlstring})
