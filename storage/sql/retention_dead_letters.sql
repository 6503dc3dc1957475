DELETE FROM ingest.dead_letter WHERE received_at < now() - %(kept)s
