UPDATE alert.alert
   SET state = %(state)s, severity = %(severity)s, title = %(title)s, since = %(since)s,
       told_at = %(told_at)s, acknowledged_at = %(acknowledged_at)s,
       acknowledged_by = %(acknowledged_by)s, assignee = %(assignee)s,
       returned_at = %(returned_at)s, return_due_at = %(return_due_at)s,
       suppressed = %(suppressed)s, parent = %(parent)s, shelved_until = %(shelved_until)s,
       suspect_factor = %(suspect_factor)s, suspect_value = %(suspect_value)s,
       resolution = %(resolution)s, cause_code = %(cause_code)s, resolved_at = %(resolved_at)s,
       resolved_by = %(resolved_by)s,
       details = coalesce(%(details)s::jsonb, details), updated_at = clock_timestamp(),
       closed_at = CASE WHEN %(state)s = 'normal'
                        THEN coalesce(closed_at, clock_timestamp()) END
 WHERE id = %(id)s
