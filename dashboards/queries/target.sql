SELECT edge::timestamptz AS "time", sum(cells_per_second) AS "planned"
FROM dash.line
CROSS JOIN (VALUES ($__timeFrom()), ($__timeTo())) AS range (edge)
WHERE line IN (${line:sqlstring})
GROUP BY 1
ORDER BY 1
