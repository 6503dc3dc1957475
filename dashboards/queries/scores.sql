SELECT equipment, statistic, limit_value AS "limit", share_of_limit AS "of its limit", is_on AS "alarm", last_time AS "seen"
FROM dash.watch
WHERE line IN (${line:sqlstring})
  AND station IN (${station:sqlstring})
  AND equipment IN (${equipment:sqlstring})
ORDER BY share_of_limit DESC NULLS LAST
LIMIT 50
