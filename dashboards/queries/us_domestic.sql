SELECT material, sum(domestic_usd) / nullif(sum(cost_usd), 0) AS "domestic"
FROM dash.us_lot
WHERE is_latest AND year::text IN (${year:sqlstring}) AND product IN (${product:sqlstring})
  AND cost_usd IS NOT NULL
GROUP BY 1
ORDER BY sum(cost_usd) DESC, 1
LIMIT 20
