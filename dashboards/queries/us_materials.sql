SELECT
    material,
    product,
    sum(cost_usd) AS "cost",
    sum(domestic_usd) / nullif(sum(cost_usd), 0) AS "domestic",
    sum(clean_usd) / nullif(sum(cost_usd), 0) AS "not prohibited"
FROM dash.us_lot
WHERE is_latest AND year::text IN (${year:sqlstring}) AND product IN (${product:sqlstring})
GROUP BY 1, 2
ORDER BY 3 DESC NULLS FIRST, 1, 2
LIMIT 60
