-- Quality of a line in the words of its standards: states and OEE (ISO 22400-2), yields, grades.
-- What needs a station's own columns comes before this, from the plant model.

-- The first station that makes cells: it sets the pace of its line.
CREATE OR REPLACE VIEW dash.pacemaker AS
SELECT s.name AS station
FROM plant.station AS s
WHERE EXISTS (SELECT FROM plant.signal AS g WHERE g.station = s.name AND g.kind = 'cell')
ORDER BY s.ordinal
LIMIT 1;

-- What a machine did from `time` to `ended_at`. Machines repeat their state each shift, so a query
-- of a range begins a day before it: time > start - INTERVAL '1 day' AND ended_at > start.
-- class: 'producing'; 'planned' (not busy by plan); 'stopped'; 'unknown' (nothing is heard of it).
CREATE OR REPLACE VIEW dash.state AS
SELECT
    s.time,
    coalesce(following.time, now()) AS ended_at,
    e.line,
    e.station,
    s.equipment,
    s.state,
    s.reason,
    s.recipe,
    CASE
        WHEN s.state IN ('Execute', 'Completing') THEN 'producing'
        WHEN s.state IN ('Stale', 'Online') THEN 'unknown'
        WHEN s.reason ~ '\mplanned\M' THEN 'planned'
        ELSE 'stopped'
    END AS class
FROM machine.state AS s
JOIN plant.equipment AS e ON e.name = s.equipment
LEFT JOIN LATERAL (
    SELECT n.time
    FROM machine.state AS n
    WHERE n.equipment = s.equipment AND n.time > s.time
    ORDER BY n.time
    LIMIT 1
) AS following ON true;

-- The parts of OEE, which add up over hours, machines and lines: planned busy time (pbt_s), actual
-- production time (apt_s), planned run time of what was produced (prt_s: PRI x PQ), produced (pq)
-- and good quantity (gq). Availability = apt / pbt, effectiveness = prt / apt, quality = gq / pq.
-- PRI of a machine is the number of machines of its station over the planned cells per second of
-- its line. Filter by `time`, the hour, and by `began` from a day before.
CREATE OR REPLACE VIEW dash.oee_part AS
SELECT
    h.hour AS time,
    s.time AS began,
    s.line,
    s.station,
    s.equipment,
    CASE WHEN s.class IN ('producing', 'stopped') THEN part.seconds ELSE 0 END AS pbt_s,
    CASE WHEN s.class = 'producing' THEN part.seconds ELSE 0 END AS apt_s,
    0::double precision AS prt_s,
    0::bigint AS pq,
    0::bigint AS gq
FROM dash.state AS s
CROSS JOIN LATERAL generate_series(
    time_bucket(INTERVAL '1 hour', s.time),
    s.ended_at - INTERVAL '1 microsecond',
    INTERVAL '1 hour'
) AS h (hour)
CROSS JOIN LATERAL (
    SELECT extract(
        epoch FROM least(s.ended_at, h.hour + INTERVAL '1 hour') - greatest(s.time, h.hour)
    )::double precision AS seconds
) AS part
UNION ALL
SELECT
    o.time,
    o.time,
    o.line,
    o.station,
    o.equipment,
    0,
    0,
    o.cells * machines.count / line.cells_per_second,
    o.cells,
    o.cells - o.failed
FROM dash.output_1h AS o
JOIN plant.line AS line ON line.name = o.line
JOIN (
    SELECT e.line, e.station, count(*) AS count FROM plant.equipment AS e GROUP BY e.line, e.station
) AS machines ON machines.line = o.line AND machines.station = o.station;

-- OEE of each station that makes cells, over the last 24 whole hours.
CREATE OR REPLACE VIEW dash.oee_24h AS
SELECT
    p.line,
    p.station,
    s.title,
    s.ordinal::bigint AS ordinal,
    p.apt / nullif(p.pbt, 0) AS availability,
    p.prt / nullif(p.apt, 0) AS effectiveness,
    p.gq / nullif(p.pq, 0)::double precision AS quality,
    p.apt / nullif(p.pbt, 0) * (p.prt / nullif(p.apt, 0)) * (p.gq / nullif(p.pq, 0)::double precision)
        AS oee
FROM (
    SELECT
        line,
        station,
        sum(pbt_s) AS pbt,
        sum(apt_s) AS apt,
        sum(prt_s) AS prt,
        sum(pq)::double precision AS pq,
        sum(gq)::double precision AS gq
    FROM dash.oee_part
    WHERE time >= time_bucket(INTERVAL '1 hour', now()) - INTERVAL '24 hours'
      AND time < time_bucket(INTERVAL '1 hour', now())
      AND began > time_bucket(INTERVAL '1 hour', now()) - INTERVAL '48 hours'
      AND station IN (SELECT g.station FROM plant.signal AS g WHERE g.kind = 'cell')
    GROUP BY line, station
) AS p
JOIN plant.station AS s ON s.name = p.station;

-- First-pass yield of each step over the hours that began in the last 24, and the product of the
-- steps so far: the last one's `rolled` is the rolled-throughput yield. A cell counts at a step once,
-- as it was the first time there in 30 days.
CREATE OR REPLACE VIEW dash.yield_24h AS
SELECT
    y.line,
    y.station,
    s.title,
    s.ordinal::bigint AS ordinal,
    y.cells,
    y.good,
    y.good / y.cells::double precision AS first_pass,
    CASE
        WHEN min(y.good) OVER so_far = 0 THEN 0
        ELSE exp(sum(ln(nullif(y.good, 0) / y.cells::double precision)) OVER so_far)
    END AS rolled
FROM (
    SELECT v.line, v.station, sum(v.new)::bigint AS cells, sum(v.new_good)::bigint AS good
    FROM dash.output_1h AS v
    WHERE v.time > now() - INTERVAL '24 hours'
    GROUP BY v.line, v.station
    HAVING sum(v.new) > 0
) AS y
JOIN plant.station AS s ON s.name = y.station
WINDOW so_far AS (PARTITION BY y.line ORDER BY s.ordinal);
-- What it was made from before.
DROP VIEW IF EXISTS dash.first_visit_24h;

-- What became of each cell, with the reasons as one text.
CREATE OR REPLACE VIEW dash.cell_quality AS
SELECT
    q.time,
    q.line,
    q.cell,
    q.recipe,
    q.grade,
    q.disposition,
    q.fault_class,
    (SELECT string_agg(r.item ->> 'text', '; ') FROM jsonb_array_elements(q.reasons) AS r (item))
        AS reasons,
    q.judged_at
FROM analysis.cell_quality AS q;

-- Each measure of a cell at 25 Cel, and how far it is from its peers, in robust sd.
CREATE OR REPLACE VIEW dash.cell_score AS
SELECT
    q.time,
    q.line,
    q.cell,
    s.measure,
    (s.score ->> 'value')::double precision AS value,
    (s.score ->> 'z')::double precision AS distance
FROM analysis.cell_quality AS q
CROSS JOIN LATERAL jsonb_each(q.scores) AS s (measure, score);

-- Grades of the cells of the last 24 hours; what has none by now is not counted.
CREATE OR REPLACE VIEW dash.grade_24h AS
SELECT
    q.line,
    coalesce(q.grade, 'reject') AS grade,
    count(*) AS cells,
    count(*) / (sum(count(*)) OVER (PARTITION BY q.line))::double precision AS share
FROM analysis.cell_quality AS q
WHERE q.time > now() - INTERVAL '24 hours' AND (q.grade IS NOT NULL OR q.disposition = 'scrap')
GROUP BY q.line, coalesce(q.grade, 'reject');

-- What was made from what.
CREATE OR REPLACE VIEW dash.genealogy AS
SELECT g.time, e.line, e.station, g.equipment, g.child, g.parent, g.from_m, g.to_m, g.amount_kg
FROM material.genealogy AS g
JOIN plant.equipment AS e ON e.name = g.equipment;

CREATE OR REPLACE VIEW dash.hold AS
SELECT h.cell, h.at AS time, h.who, h.reason
FROM material.hold_now AS h;

-- Nominal and limits of each signal and result by recipe; '' is what names none, the first.
CREATE OR REPLACE VIEW dash.signal_of_recipe AS
SELECT ''::text AS recipe, g.*
FROM dash.signal AS g
UNION ALL
SELECT
    r.name, g.station, g.equipment_group, g.kind, g.characteristic, g.title, g.unit,
    coalesce(o.nominal, g.nominal), coalesce(o.sd, g.sd),
    CASE WHEN o.name IS NULL THEN g.low ELSE o.low END,
    CASE WHEN o.name IS NULL THEN g.high ELSE o.high END,
    g.rate_hz, g.per_position, g.ordinal
FROM dash.signal AS g
CROSS JOIN plant.recipe AS r
LEFT JOIN plant.recipe_signal AS o
    ON o.recipe = r.name
   AND o.station = g.station
   AND o.equipment_group = g.equipment_group
   AND o.kind = g.kind
   AND o.name = g.characteristic;
