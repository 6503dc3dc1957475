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

-- A model of each station of each line, three versions of it; the last one has seen all days.
INSERT INTO analysis.model (line, station, equipment_group, recipe, kind, version, detector, state, from_time, to_time,
    rows, signals, expected, metrics, libraries, sha256, content)
SELECT line, station, station, 'vehicle', 'signals', v, 'ridge', CASE v WHEN 3 THEN 'active' ELSE 'retired' END,
    now() - make_interval(days => {days}), now() - make_interval(days => {days} - 10 * v + 9), 100000, names,
    array_fill(0.1::double precision, ARRAY[10 * cardinality(names)]), '{}', '{}', repeat('0', 64), ''
FROM (
    SELECT e.line, s.station, array_agg(DISTINCT s.name ORDER BY s.name) AS names
    FROM plant.signal AS s JOIN plant.equipment AS e ON e.station = s.station
    WHERE e.line IS NOT NULL AND s.kind = 'telemetry'
    GROUP BY e.line, s.station
) AS station
CROSS JOIN generate_series(1, 3) AS v;

INSERT INTO analysis.model_event (at, model, who, what)
SELECT to_time, id, 'kim', what
FROM analysis.model
CROSS JOIN (VALUES ('trained'), ('promoted'), ('retired')) AS event (what)
WHERE what <> 'retired' OR state = 'retired';

INSERT INTO analysis.model_day (model, day, moments, scored, incomplete, alarms, score_sum, score_sum2, bins)
SELECT id, current_date - d, 80000, 79000, 500, d % 2, 100, 81000,
    array_fill((7900 + d)::bigint, ARRAY[10 * cardinality(signals)])
FROM analysis.model
CROSS JOIN generate_series(0, {days} - 1) AS d
WHERE state = 'active';

-- Lots of a year, and a statement recorded on each of its days.
INSERT INTO ledger.lot (who, file_sha256, lot, material, supplier, country, is_prohibited, certificate,
    certificate_until, amount, unit, usd_per_unit, received_on)
SELECT 'kim', sha256('lots'), 'lot-' || i, 'material-' || i % 9, 'supplier-' || i % 30, CASE i % 3 WHEN 0 THEN 'US' ELSE 'KR' END,
    i % 20 = 0, 'certificate-' || i % 30, current_date + i % 400, 1000, 'kg', 10, current_date - i
FROM generate_series(1, 360) AS i;

INSERT INTO ledger.statement (recorded_at, who, year, rules_sha256, unverified, factor, kwh, credit_usd, keep_until)
SELECT now() - make_interval(days => d), 'kim', extract(year FROM now() - make_interval(days => d)), sha256('rules'),
    9, 1, 1000, 35000, current_date + 3650
FROM generate_series(364, 0, -1) AS d;

INSERT INTO ledger.statement_product (statement, product, cells, kwh, credit_usd)
SELECT id, name, 50000, 900, 31500 FROM ledger.statement CROSS JOIN plant.recipe;

INSERT INTO ledger.statement_excluded (statement, product, reason, cells, kwh)
SELECT id, name, 'reason ' || r, 100, 1.8 FROM ledger.statement CROSS JOIN plant.recipe CROSS JOIN generate_series(1, 8) AS r;

INSERT INTO ledger.statement_month (statement, product, month, cells, kwh, cost_usd, ratio, threshold, domestic_ratio, reason)
SELECT id, name, make_date(year, m, 1), 4000, 70, 9000, 0.7, 0.6, 0.3, CASE m WHEN 1 THEN 'below the threshold' END
FROM ledger.statement CROSS JOIN plant.recipe CROSS JOIN generate_series(1, 12) AS m;

INSERT INTO ledger.statement_lot (statement, product, month, lot, material, amount, unit, cost_usd, clean_usd,
    domestic_usd, problem, blocked_kwh)
SELECT id, name, make_date(year, i % 12 + 1, 1), 'lot-' || i, 'material-' || i % 9, 800, 'kg', 8000, 8000,
    CASE i % 3 WHEN 0 THEN 8000 ELSE 0 END, CASE i % 20 WHEN 0 THEN 'of a prohibited foreign entity' END,
    CASE i % 20 WHEN 0 THEN 5 ELSE 0 END
FROM ledger.statement CROSS JOIN plant.recipe CROSS JOIN generate_series(1, 360) AS i;

INSERT INTO ledger.statement_failed (statement, product, station, result, cells, recycled, cost_usd)
SELECT id, p.name, r.station, r.name, 20, 10, 60
FROM ledger.statement CROSS JOIN plant.recipe AS p CROSS JOIN plant.signal AS r
WHERE r.kind = 'cell';

INSERT INTO ledger.statement_scrap (statement, product, station, result, material, unit, amount, recycled, kg,
    recycled_kg, cost_usd, recycled_usd)
SELECT id, p.name, r.station, r.name, 'material-' || m, 'kg', 2, 1, 2, 1, 7, 3
FROM ledger.statement CROSS JOIN plant.recipe AS p CROSS JOIN plant.signal AS r CROSS JOIN generate_series(1, 9) AS m
WHERE r.kind = 'cell';
