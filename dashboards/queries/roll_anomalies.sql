SELECT a.since, a.text, a.model
FROM dash.genealogy AS g
JOIN dash.anomaly AS a
    ON a.equipment = g.equipment
   AND a.since <= g.time + INTERVAL '50 minutes'
   AND coalesce(a.ended_at, now()) >= g.time
WHERE g.station = 'coating' AND g.child IN (${roll:sqlstring})
ORDER BY a.since
LIMIT 50
