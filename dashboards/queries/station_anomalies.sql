SELECT since, ended_at AS "ended", text, model, (
    SELECT s.sentence FROM dash.suspect AS s WHERE s.anomaly = a.id AND s.rank = 1
) AS "first suspect"
FROM dash.anomaly AS a
WHERE a.since <= $__timeTo()
  AND coalesce(a.ended_at, now()) >= $__timeFrom()
  AND a.line IN (${line:sqlstring})
  AND a.station IN (${station:sqlstring})
  AND a.equipment IN (${equipment:sqlstring})
ORDER BY a.since DESC
LIMIT 50
