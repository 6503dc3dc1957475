-- Cells {first} to {last} of one line, in time order, with what they are made of. Eight strips of
-- 2,500 cells are a roll; a batch is a thousand cells.
CREATE TEMPORARY TABLE made ON COMMIT DROP AS
SELECT n, 'L1' || to_char(n, 'FM000000000000000') AS cell, n / 1000 + 1 AS batch,
       {begin}::timestamptz + n * interval '1 second' / {cells_per_s} AS time
  FROM generate_series({first}, {last}) AS n;

CREATE TEMPORARY TABLE web ON COMMIT DROP AS
SELECT letter, cell_m, lots, n / 2500 AS strip, n / 2500 / 8 AS roll,
       'l1-' || letter || '-' AS name, batch, time
  FROM made,
       (VALUES ('c', 0.790, '{{nca,carbon,pvdf}}'::text[]),
               ('a', 0.845, '{{graphite,cmc,sbr}}')) AS electrode (letter, cell_m, lots)
 WHERE n % 2500 = 0;

INSERT INTO material.genealogy (time, equipment, child, parent, amount_kg, batch)
SELECT time - interval '54 hours', 'l1-mixer-' || letter || '-01',
       name || 'slurry-' || to_char(roll, 'FM000000'),
       name || 'lot-' || lot || '-' || to_char(roll / 10, 'FM000000'), 1000.0 / 3, batch
  FROM web, unnest(lots) AS lot WHERE strip % 8 = 0
 UNION ALL
SELECT time - interval '48 hours', 'l1-coater-' || letter || '-01',
       name || 'roll-' || to_char(roll, 'FM000000'),
       name || 'slurry-' || to_char(roll - before, 'FM000000'), 250, batch
  FROM web, generate_series(0, least(roll, 1)) AS before WHERE strip % 8 = 0;

INSERT INTO material.genealogy (time, equipment, child, parent, from_m, to_m, batch)
SELECT time - interval '28 hours', 'l1-slitter-' || letter || '-01',
       name || 'roll-' || to_char(roll, 'FM000000') || '-' || strip % 8 + 1,
       name || 'roll-' || to_char(roll, 'FM000000'), 0, 2500 * cell_m, batch
  FROM web
 UNION ALL
SELECT m.time, 'l1-winder-01', m.cell,
       'l1-' || e.letter || '-roll-' || to_char(n / 20000, 'FM000000') || '-' || n / 2500 % 8 + 1,
       n % 2500 * e.cell_m, (n % 2500 + 1) * e.cell_m, m.batch
  FROM made AS m, (VALUES ('c', 0.790), ('a', 0.845)) AS e (letter, cell_m);

INSERT INTO material.mount (time, equipment, slot, thing, action, batch)
SELECT time - stay.before, 'l1-dryer-' || letter || '-01', 'place ' || strip % 64 + 1,
       name || 'roll-' || to_char(roll, 'FM000000') || '-' || strip % 8 + 1, stay.action, batch
  FROM web, (VALUES (interval '27 hours', 'mount'), ('16 hours', 'unmount')) AS stay (before, action)
 UNION ALL
SELECT time, machine, slot, 'l1-' || slot || '-' || to_char(strip, 'FM000000'), 'mount', batch
  FROM web, (VALUES ('l1-filler-01', 'electrolyte'), ('l1-winder-01', 'separator'),
                    ('l1-welder-01', 'can'), ('l1-sealer-01', 'cap')) AS part (machine, slot)
 WHERE letter = 'c' AND strip % 12 = 0;

INSERT INTO analysis.cell_quality (cell, time, line, grade, disposition, fault_class, reasons, scores)
SELECT cell, time + interval '12 days', 'l1', CASE WHEN n % 50 = 0 THEN NULL ELSE 'A' END,
       CASE WHEN n % 50 = 0 THEN 'scrap' ELSE 'pass' END, 'none', '[]', '{{}}'
  FROM made;

INSERT INTO material.hold (who, what, cell, reason)
SELECT 'bench', step.what, cell, 'looked at again'
  FROM made, (VALUES ('hold'), ('release')) AS step (what) WHERE n % 500 = 7;

INSERT INTO ledger.disposition (who, file_sha256, cell, what, on_date, customer, customer_class)
SELECT 'bench', '', cell, 'sold', (time + interval '30 days')::date, 'Grid Co', 'unrelated'
  FROM made WHERE n % 5 = 1;

INSERT INTO ingest.batch (id, worker, received_at, messages, rows)
SELECT batch, 'bench', max(time), 1000, 1000 FROM made GROUP BY batch;
INSERT INTO ingest.batch_span (batch, table_name, rows, from_time, to_time)
SELECT batch, kept.name, 1000, min(time) - interval '54 hours', max(time)
  FROM made, (VALUES ('material.genealogy'), ('material.mount')) AS kept (name)
 GROUP BY batch, kept.name;
