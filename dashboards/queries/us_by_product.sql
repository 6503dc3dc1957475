SELECT title AS "product", cells AS "cells", kwh AS "kWh", credit_usd AS "credit"
FROM dash.us_product
WHERE is_latest AND year::text IN (${year:sqlstring}) AND product IN (${product:sqlstring})
ORDER BY 1
