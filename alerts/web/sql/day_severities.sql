SELECT line, severity, count(*)
  FROM alert.alert
 WHERE opened_at >= %(begin)s AND opened_at < %(end)s
 GROUP BY line, severity
