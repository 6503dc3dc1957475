UPDATE alert.alert
   SET state = %(state)s, severity = %(severity)s, title = %(title)s, since = %(since)s,
       details = coalesce(%(details)s::jsonb, details), updated_at = clock_timestamp(),
       closed_at = CASE WHEN %(state)s = 'normal' THEN clock_timestamp() END
 WHERE id = %(id)s
