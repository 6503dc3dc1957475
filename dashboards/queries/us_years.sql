SELECT DISTINCT year::text AS year
FROM dash.us_statement
ORDER BY 1 DESC
