SELECT $__timeGroupAlias(time, $__interval), equipment AS metric, max(share_of_limit) AS value
FROM dash.score_1m
WHERE $__timeFilter(time)
  AND line IN (${line:sqlstring})
  AND station IN (${station:sqlstring})
  AND equipment IN (${equipment:sqlstring})
GROUP BY 1, 2
ORDER BY 1, 2
