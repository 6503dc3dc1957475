SELECT
    lot,
    material,
    supplier,
    country,
    problem AS "does not count because",
    sum(blocked_kwh) AS "kWh excluded",
    sum(cost_usd - clean_usd) AS "cost that does not count"
FROM dash.us_lot
WHERE is_latest AND year::text IN (${year:sqlstring}) AND product IN (${product:sqlstring})
  AND problem IS NOT NULL
GROUP BY lot, material, supplier, country, problem
ORDER BY 6 DESC, 7 DESC NULLS FIRST, 1
LIMIT 50
