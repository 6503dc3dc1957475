SELECT
    since AS time,
    coalesce(ended_at, now()) AS timeend,
    text,
    concat_ws(',', equipment, characteristic, model) AS tags
FROM dash.anomaly
WHERE since <= $__timeTo()
  AND coalesce(ended_at, now()) >= $__timeFrom()
  AND line IN (${line:sqlstring})
  AND station IN (${station:sqlstring})
  AND characteristic IN (${characteristic:sqlstring})
ORDER BY 1
LIMIT 500
