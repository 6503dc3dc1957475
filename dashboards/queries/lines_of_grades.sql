SELECT line, grade, cells, share
FROM dash.grade_24h
WHERE line IN (${line:sqlstring})
ORDER BY line, grade
