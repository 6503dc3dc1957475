SELECT *
  FROM alert.alert
 WHERE suppressed IS NOT NULL AND closed_at IS NULL
 ORDER BY id
