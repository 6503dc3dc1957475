WITH asked AS (
    SELECT id, status
      FROM alert.delivery
     WHERE status IN ('failed', 'pending')
       AND (%(alert)s::bigint IS NULL OR alert = %(alert)s)
       AND (%(endpoint)s::text IS NULL OR endpoint = %(endpoint)s)
       AND (%(delivery)s::text IS NULL OR id = %(delivery)s)
       FOR UPDATE)
UPDATE alert.delivery AS d
   SET status = 'pending', first_attempt_at = NULL, next_attempt_at = clock_timestamp()
  FROM asked
 WHERE d.id = asked.id
RETURNING d.alert, d.id, asked.status
