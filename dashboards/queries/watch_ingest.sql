SELECT now() AS "time", coalesce(extract(epoch FROM now() - max(time)), 86400)::double precision AS value
FROM dash.ingest_rate
WHERE time > now() - INTERVAL '1 day'
