-- What the models learnt (baselines), where each chart stands, and what they saw (anomalies).

CREATE SCHEMA analysis;

-- Frozen baselines: a new one is a new version, the old one stays to explain old alarms.
CREATE TABLE analysis.control_limit (
    equipment      text NOT NULL,
    position       smallint,
    characteristic text NOT NULL,
    version        integer NOT NULL,
    n              integer NOT NULL,
    mean           double precision NOT NULL,
    sd             double precision NOT NULL,
    k              double precision NOT NULL,
    h              double precision NOT NULL,
    arl0           double precision NOT NULL,
    from_time      timestamptz NOT NULL,
    to_time        timestamptz NOT NULL,
    created_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    active         boolean NOT NULL DEFAULT true,
    UNIQUE NULLS NOT DISTINCT (equipment, position, characteristic, version)
);
CREATE UNIQUE INDEX control_limit_active ON analysis.control_limit
    (equipment, position, characteristic) NULLS NOT DISTINCT WHERE active;
COMMENT ON TABLE analysis.control_limit IS 'baseline of each chart, learnt from n points';
COMMENT ON COLUMN analysis.control_limit.k IS 'allowance of the CUSUM, in sd';
COMMENT ON COLUMN analysis.control_limit.h IS 'limit of the CUSUM, in sd';
COMMENT ON COLUMN analysis.control_limit.arl0 IS 'points between false alarms, from the budget';

-- One CUSUM chart per result, equipment and position. Pairs are its two sides, {high, low}; sums
-- are whole millionths of a score, a score is (value - mean) / sd * 0.5 / k of its control limit.
CREATE TABLE analysis.chart (
    id             integer PRIMARY KEY,
    equipment      text NOT NULL,
    position       smallint,
    characteristic text NOT NULL,
    version        integer NOT NULL,
    points         bigint NOT NULL,
    first_time     timestamptz NOT NULL,
    last_time      timestamptz NOT NULL,
    total          bigint[] NOT NULL,
    is_on          boolean[] NOT NULL,
    below          bigint[] NOT NULL,
    samples        bigint[] NOT NULL,
    score_sum      bigint[] NOT NULL,
    onset_us       bigint[] NOT NULL,
    recent_us      bigint[] NOT NULL,
    recent_values  double precision[] NOT NULL,
    UNIQUE NULLS NOT DISTINCT (equipment, position, characteristic)
) WITH (fillfactor = 50); -- each point updates a row: room for the new version beside the old
COMMENT ON COLUMN analysis.chart.version IS 'of its control limit; 0 while it learns';
COMMENT ON COLUMN analysis.chart.total IS 'the CUSUM';
COMMENT ON COLUMN analysis.chart.below IS 'points in a row below the clear limit';
COMMENT ON COLUMN analysis.chart.samples IS 'points since the sum last left zero';
COMMENT ON COLUMN analysis.chart.recent_us IS
    'times of the last points, microseconds since 1970, newest last';

-- Points that a baseline is being learnt from, in pieces as they came; gone when it is frozen.
CREATE TABLE analysis.learning (
    chart integer NOT NULL REFERENCES analysis.chart,
    first integer NOT NULL,
    value double precision[] NOT NULL,
    PRIMARY KEY (chart, first)
);
COMMENT ON COLUMN analysis.learning.first IS 'how many points came before this piece';

CREATE TABLE analysis.anomaly (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    xid            xid8 NOT NULL DEFAULT pg_current_xact_id(),
    detected_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    state          text NOT NULL CHECK (state IN ('on', 'off')),
    line           text NOT NULL,
    station        text NOT NULL,
    equipment      text NOT NULL,
    position       smallint,
    characteristic text NOT NULL,
    direction      text NOT NULL CHECK (direction IN ('low', 'high')),
    since          timestamptz NOT NULL,
    time           timestamptz NOT NULL,
    statistic      double precision NOT NULL,
    limit_value    double precision NOT NULL,
    value          double precision NOT NULL,
    expected       double precision NOT NULL,
    sd             double precision NOT NULL,
    unit           text NOT NULL,
    samples        integer NOT NULL,
    last_points    jsonb NOT NULL,
    model          text NOT NULL
);
CREATE INDEX ON analysis.anomaly (xid, id);
CREATE INDEX ON analysis.anomaly (equipment, time);
CREATE INDEX ON analysis.anomaly (detected_at);
COMMENT ON TABLE analysis.anomaly IS
    'on: a chart''s alarm begins; off: it has come back, with the identity of its on';
COMMENT ON COLUMN analysis.anomaly.since IS 'estimated onset: the sum last left zero here';
COMMENT ON COLUMN analysis.anomaly.value IS 'mean since the onset';
