SELECT count(*) AS "dead letters"
FROM dash.dead_letter
WHERE time > now() - INTERVAL '24 hours'
