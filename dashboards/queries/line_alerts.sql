SELECT l.line, count(a.id) AS "open alerts"
FROM dash.line AS l
LEFT JOIN dash.alert AS a ON a.line = l.line AND a.is_open
WHERE l.line IN (${line:sqlstring})
GROUP BY l.line
ORDER BY l.line
