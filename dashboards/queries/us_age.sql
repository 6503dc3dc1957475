SELECT extract(epoch FROM now() - time)::double precision AS "recorded"
FROM dash.us_statement
WHERE is_latest AND year::text IN (${year:sqlstring})
