SELECT endpoint, count(*)
  FROM alert.delivery
 WHERE status = 'pending' AND endpoint <> ALL (%(known)s)
 GROUP BY endpoint
 ORDER BY endpoint
