SELECT endpoint
  FROM alert.delivery
 WHERE alert = %(alert)s
 GROUP BY endpoint
 ORDER BY min(event)
