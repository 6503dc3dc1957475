SELECT line, availability, effectiveness, quality, oee
FROM dash.oee_24h
WHERE line IN (${line:sqlstring}) AND station = (SELECT station FROM dash.pacemaker)
ORDER BY line
