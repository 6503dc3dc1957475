SELECT messages, stored, duplicates, dead_letters AS "dead letters", missing_dead_letters AS "missing"
FROM dash.ingest_balance
