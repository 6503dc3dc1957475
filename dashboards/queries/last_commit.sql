SELECT extract(epoch FROM now() - max(time))::double precision AS "since the last commit"
FROM dash.ingest_rate
WHERE time > now() - INTERVAL '1 day'
