-- What was mounted where and when, cells on hold, and records that contradict each other.

CREATE EXTENSION IF NOT EXISTS btree_gist;

-- Made from material.mount; two things cannot be in one place at one time.
CREATE TABLE material.mounted (
    equipment text NOT NULL,
    slot      text NOT NULL,
    thing     text NOT NULL,
    during    tstzrange NOT NULL CHECK (NOT isempty(during)),
    EXCLUDE USING gist (equipment WITH =, slot WITH =, during WITH &&)
);
CREATE INDEX ON material.mounted (thing);
COMMENT ON COLUMN material.mounted.during IS 'open at its end while the thing is still there';

CREATE TABLE material.hold (
    id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    who    text NOT NULL,
    what   text NOT NULL CHECK (what IN ('hold', 'release')),
    cell   text NOT NULL,
    reason text NOT NULL CHECK (reason <> '')
);
CREATE INDEX ON material.hold (cell, id DESC);
CREATE VIEW material.hold_now AS
SELECT cell, id, at, who, reason
  FROM (SELECT DISTINCT ON (cell) * FROM material.hold ORDER BY cell, id DESC) latest
 WHERE what = 'hold';
COMMENT ON VIEW material.hold_now IS 'cells that are on hold, by whom and why';

CREATE TABLE material.flag (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    noted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    kind     text NOT NULL,
    thing    text NOT NULL,
    at       timestamptz NOT NULL,
    detail   text NOT NULL,
    UNIQUE (kind, thing, at)
);
CREATE INDEX ON material.flag (thing);
COMMENT ON TABLE material.flag IS 'records that contradict each other: kept, shown, never mended by guessing';
