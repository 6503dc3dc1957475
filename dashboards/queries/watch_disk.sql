SELECT now() AS "time", bytes::double precision AS value
FROM dash.database
