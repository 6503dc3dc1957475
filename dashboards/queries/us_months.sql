SELECT
    to_char(month, 'YYYY-MM') AS "month of sale",
    product,
    kwh AS "kWh",
    cost_usd AS "material",
    ratio AS "ratio",
    threshold AS "least",
    domestic_ratio AS "domestic",
    coalesce(reason, 'eligible') AS "what it is"
FROM dash.us_month
WHERE is_latest AND year::text IN (${year:sqlstring}) AND product IN (${product:sqlstring})
ORDER BY 1 DESC, 2
LIMIT 60
