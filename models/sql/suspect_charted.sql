SELECT DISTINCT equipment
  FROM analysis.control_limit
 WHERE active AND equipment = ANY (%(machines)s)
