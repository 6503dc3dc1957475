SELECT since, equipment, signal, share, value, expected, unit
FROM dash.contribution
WHERE $__timeFilter(since)
  AND line IN (${line:sqlstring})
  AND station IN (${station:sqlstring})
ORDER BY since DESC, share DESC
LIMIT 30
