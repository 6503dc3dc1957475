-- What the simulator did to which cell: for back-tests, never for the plant's own programs.

CREATE SCHEMA sim;

CREATE TABLE sim.truth (
    run        timestamptz NOT NULL,
    fault      text NOT NULL,
    kind       text NOT NULL,
    title      text NOT NULL,
    nature     text NOT NULL CHECK (nature IN ('cell', 'measurement', 'record', 'message')),
    line       text NOT NULL,
    station    text NOT NULL,
    equipment  text NOT NULL,
    position   smallint,
    signal     text,
    size       double precision NOT NULL,
    on_at      timestamptz NOT NULL,
    off_at     timestamptz,
    cell       text,
    touched_at timestamptz,
    severity   double precision,
    effect     text NOT NULL
);
CREATE INDEX ON sim.truth (run, fault);
CREATE INDEX ON sim.truth (cell);
COMMENT ON COLUMN sim.truth.run IS 'when the run began';
COMMENT ON COLUMN sim.truth.nature IS
    'cell: the cell differs; measurement: only what is measured of it; record: what is told of it;'
    ' message: what its machine sends';
COMMENT ON COLUMN sim.truth.cell IS 'null for a fault that touched no cell';
COMMENT ON COLUMN sim.truth.touched_at IS 'when the fault met the cell, or the metres it is made of';
COMMENT ON COLUMN sim.truth.severity IS 'part of the full effect, size included';
