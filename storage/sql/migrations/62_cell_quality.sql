-- What became of each cell: one row a cell, rewritten when more is known of it or of its peers.

CREATE TABLE analysis.cell_quality (
    cell        text COLLATE "C" PRIMARY KEY,
    xid         xid8 NOT NULL DEFAULT pg_current_xact_id(),
    judged_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    time        timestamptz NOT NULL,
    line        text NOT NULL,
    recipe      text,
    grade       text,
    disposition text NOT NULL CHECK (disposition IN ('pass', 'downgrade', 'hold', 'scrap')),
    fault_class text NOT NULL CHECK (fault_class IN ('none', 'product', 'process', 'measurement')),
    reasons     jsonb NOT NULL,
    scores      jsonb NOT NULL
) WITH (fillfactor = 80); -- a cell is judged again after each of its stations
CREATE INDEX ON analysis.cell_quality (xid);
CREATE INDEX ON analysis.cell_quality (line, time);
CREATE INDEX ON analysis.cell_quality (time) WHERE disposition <> 'pass' OR fault_class <> 'none';
COMMENT ON COLUMN analysis.cell_quality.xid IS 'transaction that wrote the row last: to follow it';
COMMENT ON COLUMN analysis.cell_quality.time IS 'latest result that was judged';
COMMENT ON COLUMN analysis.cell_quality.recipe IS 'plant.recipe.name; null for the first recipe';
COMMENT ON COLUMN analysis.cell_quality.grade IS 'null until the end of line; reject has none';
COMMENT ON COLUMN analysis.cell_quality.fault_class IS
    'measurement: the channel, gauge or room; process: the cell shares it with others from one'
    ' place; product: the cell alone';
COMMENT ON COLUMN analysis.cell_quality.reasons IS
    '[{kind, measure, value, expected, limit, unit, text}]; kind: spec, outlier, lot, forecast,'
    ' grade or measurement';
COMMENT ON COLUMN analysis.cell_quality.scores IS
    'by measure: value at 25 Cel and its distance from the peers in robust sd';

-- What `jellyroll cells train` learnt: one of all versions is active.
CREATE TABLE analysis.cell_model (
    version    integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    state      text NOT NULL CHECK (state IN ('active', 'retired')),
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    from_time  timestamptz NOT NULL,
    to_time    timestamptz NOT NULL,
    cells      bigint NOT NULL,
    metrics    jsonb NOT NULL,
    libraries  jsonb NOT NULL,
    sha256     text NOT NULL,
    content    bytea NOT NULL
);
CREATE UNIQUE INDEX ON analysis.cell_model (state) WHERE state = 'active';
COMMENT ON COLUMN analysis.cell_model.metrics IS 'checks with a rolling origin, in order of time';
COMMENT ON COLUMN analysis.cell_model.sha256 IS 'of content, in hexadecimal';
