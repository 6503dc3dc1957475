SELECT id, title, severity, state, opened_at, count(*) OVER () AS stale
  FROM alert.alert
 WHERE closed_at IS NULL AND opened_at < %(now)s - interval '24 hours'
   AND (%(line)s::text IS NULL OR line = %(line)s)
 ORDER BY opened_at
 LIMIT 20
