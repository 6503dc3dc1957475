INSERT INTO ingest.dead_letter (batch, received_at, topic, payload, reason, detail, digest)
SELECT %(batch)s, %(received_at)s, %(topic)s, %(payload)s, %(reason)s, %(detail)s, %(digest)s
 WHERE NOT (%(redelivered)s
            AND EXISTS (SELECT FROM ingest.dead_letter WHERE digest = %(digest)s))
