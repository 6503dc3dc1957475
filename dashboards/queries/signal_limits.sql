SELECT edge::timestamptz AS "time", min(low) AS "lower limit", max(high) AS "upper limit"
FROM dash.signal
CROSS JOIN (VALUES ($__timeFrom()), ($__timeTo())) AS range (edge)
WHERE kind = 'telemetry'
  AND station IN (${station:sqlstring})
  AND characteristic IN (${signal:sqlstring})
GROUP BY 1
ORDER BY 1
