UPDATE alert.delivery
   SET status = %(status)s, attempts = attempts + 1, last_status = %(last_status)s,
       last_error = %(last_error)s,
       first_attempt_at = coalesce(first_attempt_at, clock_timestamp()),
       next_attempt_at = clock_timestamp() + make_interval(secs => %(delay_s)s),
       delivered_at = CASE WHEN %(status)s = 'delivered' THEN clock_timestamp() END
 WHERE id = %(id)s AND status = 'pending'
