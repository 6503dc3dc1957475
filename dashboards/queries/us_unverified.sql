SELECT unverified AS "figures of law"
FROM dash.us_statement
WHERE is_latest AND year::text IN (${year:sqlstring})
