INSERT INTO analysis.control_limit
    (equipment, position, characteristic, recipe, version, n, mean, sd, k, h, gain, reach, arl0,
     from_time, to_time)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
