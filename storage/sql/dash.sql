-- Schema dash: the only thing that Grafana reads, and the contract of the dashboards.
-- Types are timestamptz, double precision, bigint, text and boolean, nothing else: other types fail
-- or change their look from one Grafana to the next. Views on a station's own columns come before
-- these, from the plant model (storage/dash.py).

CREATE OR REPLACE VIEW dash.line AS
SELECT name::text AS line, cells_per_second, false_alarms_per_day
FROM plant.line;

CREATE OR REPLACE VIEW dash.station AS
SELECT
    name AS station,
    title,
    area,
    ordinal::bigint AS ordinal,
    position_name,
    position_count::bigint AS position_count,
    delay_s
FROM plant.station;

CREATE OR REPLACE VIEW dash.equipment AS
SELECT name AS equipment, line, station, area, equipment_group, number::bigint AS number
FROM plant.equipment;

-- Signals (kind 'telemetry') and results per cell (kind 'cell'), as each group of machines has them.
CREATE OR REPLACE VIEW dash.signal AS
SELECT
    station,
    equipment_group,
    kind,
    name AS characteristic,
    CASE WHEN title = '' THEN replace(name, '_', ' ') ELSE title END AS title,
    unit,
    nominal,
    sd,
    low,
    high,
    rate_hz,
    per_position,
    ordinal::bigint AS ordinal
FROM plant.signal;

-- An excursion from its estimated onset to the moment it had come back; ended_at is NULL while it
-- lasts. The table has a row for each change of state, which repeat what they speak of.
CREATE OR REPLACE VIEW dash.anomaly AS
SELECT
    a.id,
    a.since,
    a.detected_at,
    back.detected_at AS ended_at,
    a.line,
    a.station,
    a.equipment,
    a.position::bigint AS position,
    a.characteristic,
    a.direction,
    a.value,
    a.expected,
    a.sd,
    a.statistic,
    a.limit_value,
    a.unit,
    a.samples::bigint AS samples,
    a.model,
    format(
        '%s %s at %s%s: mean %s %s, expected %s',
        a.characteristic, a.direction, coalesce(nullif(a.equipment, ''), a.line),
        ' ' || coalesce(s.position_name, 'position') || ' ' || a.position,
        a.value::real, a.unit, a.expected::real
    ) AS text
FROM analysis.anomaly AS a
LEFT JOIN plant.station AS s ON s.name = a.station
LEFT JOIN LATERAL (
    SELECT b.detected_at
    FROM analysis.anomaly AS b
    WHERE b.state = 'off'
      AND b.id > a.id
      AND b.line = a.line
      AND b.equipment = a.equipment
      AND b.position IS NOT DISTINCT FROM a.position
      AND b.characteristic = a.characteristic
      AND b.direction = a.direction
    ORDER BY b.id
    LIMIT 1
) AS back ON true
WHERE a.state = 'on';

CREATE OR REPLACE VIEW dash.alert AS
SELECT
    a.id,
    a.opened_at,
    a.closed_at,
    a.closed_at IS NULL AS is_open,
    a.state::text AS state,
    a.severity::text AS severity,
    a.line,
    a.station,
    a.equipment,
    a.position::bigint AS position,
    a.characteristic,
    a.direction,
    a.title,
    a.since,
    extract(epoch FROM coalesce(a.closed_at, now()) - a.opened_at)::double precision AS age_s,
    a.kind,
    a.assignee,
    a.acknowledged_at,
    a.acknowledged_by,
    a.suppressed,
    a.shelved_until,
    a.parent,
    a.resolution,
    a.cause_code,
    a.resolved_at
FROM alert.alert AS a;

-- What happened to alerts, and who did it: 'jellyroll' is the service itself.
CREATE OR REPLACE VIEW dash.alert_event AS
SELECT e.at AS time, e.alert, a.line, a.station, a.equipment, a.title, e.who, e.what, e.why
FROM alert.event AS e
JOIN alert.alert AS a ON a.id = e.alert;

-- Whether what is told arrives, endpoint by endpoint, over the last day.
CREATE OR REPLACE VIEW dash.alert_endpoint AS
SELECT
    endpoint,
    count(*) FILTER (WHERE status = 'pending') AS pending,
    count(*) FILTER (WHERE status = 'delivered') AS delivered,
    count(*) FILTER (WHERE status = 'failed') AS failed,
    max(delivered_at) AS last_delivered_at,
    (percentile_cont(0.99) WITHIN GROUP (
        ORDER BY extract(epoch FROM delivered_at - created_at)
    ))::double precision AS p99_s
FROM alert.delivery
WHERE created_at > now() - INTERVAL '1 day'
GROUP BY endpoint;

-- How each station is, the worst first: 'alert' (one is open), 'stale' (nothing came for three
-- sampling periods, and half a minute), 'suspected' (a model sees an excursion), 'normal'.
-- data_age_s is NULL when nothing came for an hour.
CREATE OR REPLACE VIEW dash.station_health AS
WITH fresh AS (
    SELECT
        line,
        station,
        max(last_time) AS last_time,
        sum(values_last_minute) / 60 AS values_per_s,
        sum(cells_last_minute) / 60 AS cells_per_s
    FROM dash.freshness
    GROUP BY line, station
), period AS (
    SELECT station, greatest(30, 3 / max(rate_hz)) AS stale_after_s
    FROM plant.signal
    WHERE rate_hz > 0
    GROUP BY station
), alarm AS (
    SELECT line, station, count(*) AS open_alerts
    FROM alert.alert
    WHERE closed_at IS NULL AND suppressed IS NULL
    GROUP BY line, station
), suspicion AS (
    SELECT DISTINCT line, station
    FROM dash.anomaly
    WHERE ended_at IS NULL
)
SELECT
    fresh.line,
    s.name AS station,
    s.title,
    s.ordinal::bigint AS ordinal,
    CASE
        WHEN alarm.open_alerts > 0 THEN 'alert'
        WHEN fresh.last_time IS NULL THEN 'stale'
        WHEN fresh.last_time < now() - make_interval(secs => coalesce(period.stale_after_s, 300))
            THEN 'stale'
        WHEN suspicion.station IS NOT NULL THEN 'suspected'
        ELSE 'normal'
    END AS health,
    coalesce(alarm.open_alerts, 0) AS open_alerts,
    -- A machine's clock may be a little ahead of ours; greatest(NULL, 0) alone would be 0.
    CASE
        WHEN fresh.last_time IS NOT NULL
            THEN greatest(0, extract(epoch FROM now() - fresh.last_time))
    END::double precision AS data_age_s,
    fresh.values_per_s::double precision AS values_per_s,
    fresh.cells_per_s::double precision AS cells_per_s,
    fresh.last_time
FROM fresh
JOIN plant.station AS s ON s.name = fresh.station
LEFT JOIN period ON period.station = fresh.station
LEFT JOIN alarm ON alarm.line = fresh.line AND alarm.station = fresh.station
LEFT JOIN suspicion ON suspicion.line = fresh.line AND suspicion.station = fresh.station;

-- One row per commit of ingest; filter by time, and bucket.
CREATE OR REPLACE VIEW dash.ingest_rate AS
SELECT
    committed_at AS time,
    worker,
    messages::bigint AS messages,
    rows,
    value_count AS "values",
    duplicate_messages::bigint AS duplicates,
    dead_letters::bigint AS dead_letters,
    extract(epoch FROM committed_at - received_at)::double precision AS commit_delay_s
FROM ingest.batch;

-- The same by minute and worker, of which the last one may come in two parts: those lines that
-- `jellyroll rollup` has added up, and those after them.
CREATE OR REPLACE VIEW dash.ingest_rate_1m AS
SELECT
    time,
    worker,
    batches,
    messages,
    rows,
    value_count AS "values",
    duplicates,
    dead_letters,
    delay_sum_s,
    delay_max_s,
    last_commit_at
FROM (
    SELECT * FROM ingest.batch_1m
    UNION ALL
    SELECT * FROM ingest.batch_minutes(
        coalesce((SELECT xid FROM ingest.cursor WHERE follower = 'rollup'), '0'::xid8),
        '18446744073709551615'::xid8
    )
) AS minute;

-- The books of the last hour. missing_dead_letters must be 0: each one counted is kept.
CREATE OR REPLACE VIEW dash.ingest_balance AS
SELECT
    coalesce(sum(b.messages), 0)::bigint AS messages,
    coalesce(sum(b.messages - b.duplicate_messages - b.dead_letters), 0)::bigint AS stored,
    coalesce(sum(b.duplicate_messages), 0)::bigint AS duplicates,
    coalesce(sum(b.dead_letters), 0)::bigint AS dead_letters,
    (coalesce(sum(b.dead_letters), 0) - (
        SELECT count(*)
        FROM ingest.dead_letter AS d
        JOIN ingest.batch AS its ON its.id = d.batch
        WHERE its.committed_at > now() - INTERVAL '1 hour'
          -- These letters stand beside a message that was read: none was lost for them.
          AND d.reason NOT IN ('conflict', 'unmapped', 'bad_quality')
    ))::bigint AS missing_dead_letters
FROM ingest.batch AS b
WHERE b.committed_at > now() - INTERVAL '1 hour';

-- What could not be read, without the payload: that may be megabytes, and anything.
CREATE OR REPLACE VIEW dash.dead_letter AS
SELECT id, received_at AS time, topic, reason, detail, length(payload)::bigint AS payload_bytes
FROM ingest.dead_letter;

-- How each model of signals fares over the last seven days of its data. input_drift is the
-- population stability index of the signal that moved most: below 0.1 nothing, above 0.25 the input
-- is not what the model was trained on. score_mean is 0 and score_sd 1 in training.
CREATE OR REPLACE VIEW dash.model_health AS
SELECT
    m.id AS model,
    m.line,
    m.station,
    m.equipment_group,
    m.recipe,
    m.version::bigint AS version,
    m.detector,
    m.state,
    m.to_time AS trained_until,
    d.days,
    d.moments,
    (d.scored / nullif(d.moments, 0))::double precision AS scored_share,
    (d.incomplete / nullif(d.scored, 0))::double precision AS incomplete_share,
    (d.score_sum / nullif(d.scored, 0))::double precision AS score_mean,
    sqrt(greatest(0, d.score_sum2 / nullif(d.scored, 0) - (d.score_sum / nullif(d.scored, 0)) ^ 2))
        ::double precision AS score_sd,
    drift.signal AS drifting_signal,
    drift.psi AS input_drift,
    (d.alarms / d.days)::double precision AS alarms_per_day,
    (m.metrics ->> 'machines')::double precision * 86400
        / (m.metrics ->> 'period_s')::double precision
        / (m.metrics ->> 'arl0')::double precision AS budget_per_day,
    said.true_alarms,
    said.false_alarms
FROM analysis.model AS m
LEFT JOIN LATERAL (
    SELECT
        count(*)::double precision AS days,
        sum(l.moments)::bigint AS moments,
        sum(l.scored)::double precision AS scored,
        sum(l.incomplete)::double precision AS incomplete,
        sum(l.alarms)::double precision AS alarms,
        sum(l.score_sum) AS score_sum,
        sum(l.score_sum2) AS score_sum2
    FROM (
        SELECT * FROM analysis.model_day WHERE model = m.id ORDER BY day DESC LIMIT 7
    ) AS l
) AS d ON true
LEFT JOIN LATERAL (
    SELECT m.signals[s.number] AS signal, s.psi
    FROM (
        SELECT
            b.number,
            -- Half a value in each bin, so that an empty one is finite.
            sum((b.seen - b.expected) * ln(b.seen / b.expected)) AS psi
        FROM (
            SELECT
                (x.at - 1) / 10 + 1 AS number,
                (sum(x.seen) + 0.5) / (sum(sum(x.seen)) OVER w + 5)::double precision AS seen,
                (m.expected[x.at] * m.rows + 0.5) / (m.rows + 5)::double precision AS expected
            FROM (SELECT * FROM analysis.model_day WHERE model = m.id ORDER BY day DESC LIMIT 7) AS l
            CROSS JOIN LATERAL unnest(l.bins) WITH ORDINALITY AS x (seen, at)
            GROUP BY x.at
            WINDOW w AS (PARTITION BY (x.at - 1) / 10)
        ) AS b
        GROUP BY b.number
    ) AS s
    ORDER BY s.psi DESC, s.number
    LIMIT 1
) AS drift ON true
LEFT JOIN LATERAL (
    SELECT
        count(*) FILTER (WHERE a.resolution = 'true_alarm') AS true_alarms,
        count(*) FILTER (WHERE a.resolution = 'false_alarm') AS false_alarms
    FROM alert.alert AS a
    JOIN plant.equipment AS e ON e.name = a.equipment
    JOIN analysis.anomaly AS n ON n.id = (a.details ->> 'anomaly')::bigint
    WHERE a.resolution IS NOT NULL
      AND a.line = m.line
      AND e.equipment_group = m.equipment_group
      AND n.recipe = m.recipe
      AND n.model = m.detector || '-' || m.version
) AS said ON true
WHERE m.kind = 'signals';
