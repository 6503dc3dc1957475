-- What the models hold and see, and how ingest, its followers and the database fare.

-- Each chart of a result, with the limits that its model uses: mean and sd are the baseline's, the
-- statistics are its CUSUM's, to be compared with `cusum_limit`. All of these four are in sd.
CREATE OR REPLACE VIEW dash.chart AS
SELECT
    e.line,
    e.station,
    c.equipment,
    c.position::bigint AS position,
    c.characteristic,
    c.recipe,
    c.last_time,
    c.points,
    l.version::bigint AS version,
    l.mean,
    l.sd,
    l.mean - 3 * l.sd AS low_3sd,
    l.mean + 3 * l.sd AS high_3sd,
    l.k AS allowance,
    l.h AS cusum_limit,
    c.total[1] / 1e6 * 2 * l.k AS cusum_high,
    c.total[2] / 1e6 * 2 * l.k AS cusum_low
FROM analysis.chart AS c
JOIN plant.equipment AS e ON e.name = c.equipment
LEFT JOIN analysis.control_limit AS l
    ON l.equipment = c.equipment
   AND l.position IS NOT DISTINCT FROM c.position
   AND l.characteristic = c.characteristic
   AND l.recipe = c.recipe
   AND l.active;

-- The multivariate score of each machine whose signals a model watches, as last seen.
CREATE OR REPLACE VIEW dash.watch AS
SELECT
    e.line, e.station, w.equipment, w.last_time, w.statistic, w.limit_value, w.is_on,
    w.statistic / nullif(w.limit_value, 0) AS share_of_limit
FROM analysis.watch AS w
JOIN plant.equipment AS e ON e.name = w.equipment;

-- The same minute by minute, as a share of the limit.
CREATE OR REPLACE VIEW dash.score_1m AS
SELECT s.time, e.line, e.station, s.equipment, s.share_of_limit
FROM analysis.score_1m AS s
JOIN plant.equipment AS e ON e.name = s.equipment;

-- Which signals an excursion of several signals is made of, the largest share first.
CREATE OR REPLACE VIEW dash.contribution AS
SELECT
    a.id AS anomaly,
    a.since,
    a.line,
    a.station,
    a.equipment,
    c.item ->> 'signal' AS signal,
    (c.item ->> 'share')::double precision AS share,
    (c.item ->> 'value')::double precision AS value,
    (c.item ->> 'expected')::double precision AS expected,
    c.item ->> 'unit' AS unit
FROM analysis.anomaly AS a
CROSS JOIN LATERAL jsonb_array_elements(a.contributions) AS c (item)
WHERE a.state = 'on';

-- Who may be behind an excursion, ranked.
CREATE OR REPLACE VIEW dash.suspect AS
SELECT
    s.anomaly, a.since, a.line, a.station, a.equipment, a.characteristic, s.rank::bigint AS rank,
    s.factor, s.value, s.lift, s.q_value, s.effect, s.unit, s.sentence
FROM analysis.suspect AS s
JOIN analysis.anomaly AS a ON a.id = s.anomaly;

-- What a model of signals saw on a day (UTC) of its data.
CREATE OR REPLACE VIEW dash.model_day AS
SELECT
    d.day::timestamp AT TIME ZONE 'UTC' AS time,
    m.line,
    m.station,
    m.equipment_group,
    m.id AS model,
    m.version::bigint AS version,
    d.moments,
    d.scored,
    d.alarms,
    d.score_sum / nullif(d.scored, 0) AS score_mean
FROM analysis.model_day AS d
JOIN analysis.model AS m ON m.id = d.model;

CREATE OR REPLACE VIEW dash.model_event AS
SELECT
    v.at AS time, m.line, m.station, m.equipment_group, m.kind, m.recipe, m.version::bigint AS version,
    v.what, v.who, v.why
FROM analysis.model_event AS v
JOIN analysis.model AS m ON m.id = v.model;

-- Who follows the ledger, and how many commits of ingest each has still to take in.
CREATE OR REPLACE VIEW dash.follower AS
SELECT
    c.follower,
    c.updated_at,
    behind.commits AS behind,
    extract(epoch FROM now() - behind.oldest)::double precision AS lag_s
FROM ingest.cursor AS c
CROSS JOIN LATERAL (
    SELECT count(*) AS commits, min(b.committed_at) AS oldest
    FROM ingest.batch AS b
    WHERE b.xid > c.xid
) AS behind;

-- Messages that never came, by the numbers that their senders gave them.
CREATE OR REPLACE VIEW dash.gap AS
SELECT source, last_at AS time, from_seq, to_seq, messages
FROM ingest.gap;

-- Programs that are connected to this database.
CREATE OR REPLACE VIEW dash.session AS
SELECT coalesce(nullif(application_name, ''), '(no name)') AS program, count(*) AS sessions
FROM pg_stat_activity
WHERE datname = current_database()
GROUP BY 1;

CREATE OR REPLACE VIEW dash.database AS
SELECT pg_database_size(current_database())::bigint AS bytes;
