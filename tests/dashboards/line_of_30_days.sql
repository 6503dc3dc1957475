INSERT INTO ingest.batch (id, worker, received_at, committed_at, messages, rows, value_count, dead_letters)
SELECT i, 'w' || i % 2, at - INTERVAL '80 ms', at, 40, 40, 800, CASE i % 5000 WHEN 0 THEN 1 ELSE 0 END
FROM generate_series(1, {days} * 43200) AS i
CROSS JOIN LATERAL (SELECT now() - make_interval(secs => 2 * i) AS at) AS t;

INSERT INTO ingest.dead_letter (batch, received_at, topic, payload, reason, detail, digest)
SELECT id, received_at, 'v1/acme/desoto/x', '{', 'bad json', 'ends early', sha256('x')
FROM ingest.batch WHERE dead_letters > 0;

INSERT INTO analysis.cell_quality (cell, time, line, grade, disposition, fault_class, reasons, scores)
SELECT DISTINCT ON (t.cell)
    t.cell, t.time, e.line,
    CASE WHEN h % 100 < 93 THEN 'A' WHEN h % 100 < 98 THEN 'B' WHEN h % 100 < 99 THEN 'C' END,
    CASE WHEN h % 100 < 98 THEN 'pass' WHEN h % 100 < 99 THEN 'downgrade' ELSE 'scrap' END,
    'none',
    CASE WHEN h % 100 < 98 THEN '[]'::jsonb ELSE '[{"text": "acir 24 mOhm, limit 25"}]' END,
    '{"acir": {"value": 22, "z": 0.5}, "k_value": {"value": 0.05, "z": 0.1}, "ocv": {"value": 3.6, "z": 1}}'
FROM cell.end_of_line AS t
JOIN plant.equipment AS e ON e.name = t.equipment
CROSS JOIN LATERAL (SELECT abs(hashtext(t.cell)) AS h) AS hash
ORDER BY t.cell, t.time DESC;

INSERT INTO analysis.anomaly (detected_at, state, line, station, equipment, position, characteristic,
    direction, since, time, statistic, limit_value, value, expected, sd, unit, samples, last_points, model)
SELECT at + make_interval(mins => 30 * s.n), s.state, e.line, e.station, e.name, 1 + i % 8, 'fill_mass', 'low',
    at, at, 9, 5, 6.3, 6.4, 0.025, 'g', 12, '[]', 'cusum-1'
FROM generate_series(1, {days} * 10) AS i
CROSS JOIN LATERAL (SELECT now() - make_interval(hours => 2 * i) AS at) AS t
JOIN plant.equipment AS e ON e.station = 'filling'
CROSS JOIN (VALUES ('on', 0), ('off', 1)) AS s (state, n);

INSERT INTO alert.alert (opened_at, closed_at, state, severity, line, station, equipment, position,
    characteristic, direction, title, since, resolution, cause_code, resolved_at, resolved_by, details)
SELECT at, CASE WHEN i > 5 THEN at + INTERVAL '1 hour' END, CASE WHEN i > 5 THEN 'normal' ELSE 'unacknowledged' END,
    'medium', e.line, e.station, e.name, 1 + i % 8, 'fill_mass', 'low', 'Nozzle ' || 1 + i % 8 || ' doses low', at,
    CASE WHEN i > 5 THEN CASE i % 5 WHEN 0 THEN 'false_alarm' ELSE 'true_alarm' END END,
    CASE WHEN i > 5 THEN 'wear' END, CASE WHEN i > 5 THEN at + INTERVAL '1 hour' END, CASE WHEN i > 5 THEN 'kim' END,
    '{}'
FROM generate_series(1, {days} * 5) AS i
CROSS JOIN LATERAL (SELECT now() - make_interval(hours => 4 * i) AS at) AS t
JOIN plant.equipment AS e ON e.station = 'filling';
