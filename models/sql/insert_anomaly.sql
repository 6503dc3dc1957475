INSERT INTO analysis.anomaly
    (state, line, station, equipment, position, characteristic, direction, since, time, statistic,
     limit_value, value, expected, sd, unit, samples, last_points, model)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
