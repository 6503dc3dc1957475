-- What an alert has to tell goes out in its order: a later word waits for the one before.
SELECT d.id, d.alert, d.event_type, d.body, d.attempts,
       extract(epoch FROM clock_timestamp() - d.first_attempt_at)::double precision AS tried_for_s,
       extract(epoch FROM d.next_attempt_at - clock_timestamp())::double precision AS due_in_s
  FROM alert.delivery AS d
 WHERE d.endpoint = %(endpoint)s AND d.status = 'pending'
   AND NOT EXISTS (
       SELECT FROM alert.delivery AS earlier
        WHERE earlier.alert = d.alert AND earlier.endpoint = d.endpoint
          AND earlier.status = 'pending' AND earlier.event < d.event)
 ORDER BY d.next_attempt_at, d.event
 LIMIT 1
