SELECT
    material,
    sum(kg) AS "kg",
    sum(recycled_kg) AS "recycled kg",
    sum(recycled_kg) / nullif(sum(kg), 0) AS "recycled",
    sum(cost_usd) AS "worth",
    sum(recycled_usd) AS "worth, recycled"
FROM dash.us_scrap
WHERE is_latest AND year::text IN (${year:sqlstring}) AND product IN (${product:sqlstring})
GROUP BY 1
ORDER BY 5 DESC, 1
LIMIT 30
