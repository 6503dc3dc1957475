SELECT
    f.station,
    f.result AS "because of",
    sum(f.cells)::bigint AS "cells",
    sum(f.recycled)::bigint AS "recycled",
    sum(f.cost_usd) AS "material"
FROM dash.us_failed AS f
WHERE is_latest AND year::text IN (${year:sqlstring}) AND product IN (${product:sqlstring})
GROUP BY 1, 2
ORDER BY 5 DESC, 3 DESC, 1, 2
LIMIT 30
