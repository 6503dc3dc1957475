-- Models: the registry, where the monitor of each machine stands, and how the models fare.

CREATE TABLE analysis.model (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    line            text NOT NULL,
    station         text NOT NULL,
    equipment_group text NOT NULL,
    recipe          text NOT NULL,
    kind            text NOT NULL CHECK (kind IN ('signals', 'results')),
    version         integer NOT NULL,
    detector        text NOT NULL,
    state           text NOT NULL DEFAULT 'candidate'
                    CHECK (state IN ('candidate', 'active', 'retired')),
    created_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    from_time       timestamptz NOT NULL,
    to_time         timestamptz NOT NULL,
    rows            bigint NOT NULL,
    signals         text[] NOT NULL,
    expected        double precision[] NOT NULL,
    metrics         jsonb NOT NULL,
    libraries       jsonb NOT NULL,
    sha256          text NOT NULL,
    content         bytea NOT NULL,
    UNIQUE (line, station, equipment_group, recipe, kind, version)
);
CREATE UNIQUE INDEX model_active ON analysis.model
    (line, station, equipment_group, recipe, kind) WHERE state = 'active';
COMMENT ON COLUMN analysis.model.recipe IS 'empty where the plant has no recipes';
COMMENT ON COLUMN analysis.model.kind IS
    'signals: a monitor of telemetry; results: baselines of the charts of cells';
COMMENT ON COLUMN analysis.model.expected IS
    'share of the training rows in each of ten bins of each signal, signal by signal';
COMMENT ON COLUMN analysis.model.sha256 IS 'of content, in hexadecimal';

CREATE TABLE analysis.model_event (
    id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    model bigint NOT NULL REFERENCES analysis.model,
    who   text NOT NULL,
    what  text NOT NULL CHECK (what IN ('trained', 'promoted', 'retired')),
    why   text NOT NULL DEFAULT ''
);
CREATE INDEX ON analysis.model_event (model, id);

-- One row per machine whose signals are watched.
CREATE TABLE analysis.watch (
    equipment   text PRIMARY KEY,
    model       bigint NOT NULL REFERENCES analysis.model,
    last_time   timestamptz NOT NULL,
    statistic   double precision NOT NULL,
    limit_value double precision NOT NULL,
    is_on       boolean NOT NULL,
    memory      bytea NOT NULL
) WITH (fillfactor = 50);
COMMENT ON COLUMN analysis.watch.memory IS 'models/station/memory.py: last values, runs, averages';

CREATE TABLE analysis.model_day (
    model      bigint NOT NULL REFERENCES analysis.model,
    day        date NOT NULL,
    moments    bigint NOT NULL,
    scored     bigint NOT NULL,
    incomplete bigint NOT NULL,
    alarms     bigint NOT NULL,
    score_sum  double precision NOT NULL,
    score_sum2 double precision NOT NULL,
    bins       bigint[] NOT NULL,
    PRIMARY KEY (model, day)
) WITH (fillfactor = 50);
COMMENT ON TABLE analysis.model_day IS 'what a model saw on a day (UTC) of its data, for its health';
COMMENT ON COLUMN analysis.model_day.moments IS 'moments of its machines while they ran';
COMMENT ON COLUMN analysis.model_day.incomplete IS 'scored without all signals: lost or stuck ones';
COMMENT ON COLUMN analysis.model_day.score_sum IS 'of scores, 0 with an sd of 1 in training';
COMMENT ON COLUMN analysis.model_day.bins IS 'values in each of ten bins of each signal';

ALTER TABLE analysis.anomaly
    ADD COLUMN recipe text NOT NULL DEFAULT '',
    ADD COLUMN event bigint,
    ADD COLUMN contributions jsonb NOT NULL DEFAULT '[]';
COMMENT ON COLUMN analysis.anomaly.event IS
    'id of the first anomaly of an event: what goes on at one machine while it lasts is one event';

-- Charts and their baselines by recipe; a level is the slow part of a result that is normal.
ALTER TABLE analysis.control_limit
    ADD COLUMN recipe text NOT NULL DEFAULT '',
    ADD COLUMN gain double precision NOT NULL DEFAULT 0,
    ADD COLUMN reach double precision NOT NULL DEFAULT 0,
    ADD COLUMN model bigint REFERENCES analysis.model;
ALTER TABLE analysis.control_limit
    DROP CONSTRAINT control_limit_equipment_position_characteristic_version_key,
    ADD UNIQUE NULLS NOT DISTINCT (equipment, position, characteristic, recipe, version);
DROP INDEX analysis.control_limit_active;
CREATE UNIQUE INDEX control_limit_active ON analysis.control_limit
    (equipment, position, characteristic, recipe) NULLS NOT DISTINCT WHERE active;
COMMENT ON COLUMN analysis.control_limit.recipe IS 'empty: the first one of the plant';
COMMENT ON COLUMN analysis.control_limit.gain IS 'share of a new point in the level';
COMMENT ON COLUMN analysis.control_limit.reach IS 'how far from the mean the level may go, in sd';
COMMENT ON COLUMN analysis.control_limit.model IS 'that brought it; null: learnt by the monitor';
ALTER TABLE analysis.chart
    ADD COLUMN recipe text NOT NULL DEFAULT '',
    ADD COLUMN level double precision NOT NULL DEFAULT 0;
ALTER TABLE analysis.chart
    DROP CONSTRAINT chart_equipment_position_characteristic_key,
    ADD UNIQUE NULLS NOT DISTINCT (equipment, position, characteristic, recipe);
