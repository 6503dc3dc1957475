SELECT rank, factor, value, station, affected, affected_total, others, others_total, lift,
       p_value, q_value, since, effect, unit, sentence
  FROM analysis.suspect
 WHERE anomaly = %(anomaly)s
 ORDER BY rank
 LIMIT %(limit)s
