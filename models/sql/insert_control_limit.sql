INSERT INTO analysis.control_limit
    (equipment, position, characteristic, version, n, mean, sd, k, h, arl0, from_time, to_time)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
