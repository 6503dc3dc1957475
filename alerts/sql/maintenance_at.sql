-- What is about a whole line waits only while the whole line is worked on.
SELECT id, to_time
  FROM alert.maintenance
 WHERE ended_at IS NULL AND from_time <= clock_timestamp() AND to_time > clock_timestamp()
   AND line = %(line)s AND station IN ('', %(station)s) AND equipment IN ('', %(equipment)s)
 ORDER BY to_time DESC
 LIMIT 1
