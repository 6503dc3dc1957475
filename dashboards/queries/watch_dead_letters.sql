SELECT now() AS "time", count(*)::double precision AS value
FROM dash.dead_letter
WHERE time > now() - INTERVAL '10 minutes'
