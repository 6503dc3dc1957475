INSERT INTO analysis.suspect
    (anomaly, version, rank, factor, value, station, affected, affected_total, others, others_total,
     lift, p_value, q_value, since, effect, unit, sentence)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
