SELECT severity, count(*)
  FROM alert.alert
 WHERE opened_at >= %(since)s AND (%(line)s::text IS NULL OR line = %(line)s)
 GROUP BY severity
