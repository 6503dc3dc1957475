SELECT *
  FROM alert.alert
 WHERE (%(is_open)s::boolean IS NULL OR (closed_at IS NULL) = %(is_open)s)
   AND (%(is_suppressed)s::boolean IS NULL OR (suppressed IS NOT NULL) = %(is_suppressed)s)
   AND (%(states)s::text[] IS NULL OR state = ANY (%(states)s))
   AND (%(severities)s::text[] IS NULL OR severity = ANY (%(severities)s))
   AND (%(kinds)s::text[] IS NULL OR kind = ANY (%(kinds)s))
   AND (%(resolutions)s::text[] IS NULL OR resolution = ANY (%(resolutions)s))
   AND (%(line)s::text IS NULL OR line = %(line)s)
   AND (%(station)s::text IS NULL OR station = %(station)s)
   AND (%(equipment)s::text IS NULL OR equipment = %(equipment)s)
   AND (%(characteristic)s::text IS NULL OR characteristic = %(characteristic)s)
   AND (%(assignee)s::text IS NULL OR assignee = %(assignee)s)
   AND (%(text)s::text IS NULL OR title ILIKE %(text)s)
   AND (%(from_time)s::timestamptz IS NULL OR opened_at >= %(from_time)s)
   AND (%(to_time)s::timestamptz IS NULL OR opened_at < %(to_time)s)
   AND (%(before)s::bigint IS NULL OR id < %(before)s)
 ORDER BY id DESC
 LIMIT %(limit)s
