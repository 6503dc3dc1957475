SELECT line
FROM dash.line
ORDER BY 1
