SELECT missing_dead_letters AS "missing"
FROM dash.ingest_balance
