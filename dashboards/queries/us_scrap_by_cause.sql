SELECT
    station,
    result AS "because of",
    material,
    sum(kg) AS "kg",
    sum(recycled_kg) AS "recycled kg",
    sum(cost_usd) AS "worth"
FROM dash.us_scrap
WHERE is_latest AND year::text IN (${year:sqlstring}) AND product IN (${product:sqlstring})
GROUP BY 1, 2, 3
ORDER BY 6 DESC, 1, 2, 3
LIMIT 100
