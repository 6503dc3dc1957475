SELECT line, availability, effectiveness, quality, oee
FROM dash.oee_24h
WHERE line IN (${line:sqlstring}) AND station = '{pacemaker}'
ORDER BY line
