INSERT INTO analysis.anomaly (state, line, station, equipment, position, characteristic, direction,
                              since, time, statistic, limit_value, value, expected, sd, unit,
                              samples, last_points, model)
SELECT %(state)s, 'l1', 'filling', 'l1-filler-01', 3, %(cause)s, 'low', now() - INTERVAL '1 minute',
       now(), 9.2, 8.05, 6.016, 6.4, 0.025, 'g', 12,
       (SELECT jsonb_agg(jsonb_build_array(now() - n * INTERVAL '2 s', 6.0)) FROM generate_series(1, 25) AS n),
       'bench'
