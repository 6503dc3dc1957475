SELECT line, min(first_pass) AS "worst step", min(rolled) AS "rolled yield"
FROM dash.yield_24h
WHERE line IN (${line:sqlstring})
GROUP BY line
ORDER BY line
