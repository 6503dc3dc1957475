-- How far minutes and hours are rolled up, and the tables of those that every edition keeps itself.
-- The work is storage/rolling.py's; docs/decisions/0010-hours-by-a-follower.md says why.

CREATE TABLE ingest.rolled (
    one           boolean PRIMARY KEY DEFAULT true CHECK (one),
    minutes_until timestamptz NOT NULL DEFAULT '-infinity',
    hours_until   timestamptz NOT NULL DEFAULT '-infinity',
    layout        text NOT NULL DEFAULT ''
);
COMMENT ON TABLE ingest.rolled IS 'one row: before these times rollups are kept, from there they are read from the rows';
COMMENT ON COLUMN ingest.rolled.layout IS 'digest of the tables that were migrated last';
INSERT INTO ingest.rolled DEFAULT VALUES;

-- Stable, so that the planner knows the value and leaves out the chunks on its other side; with the
-- right to look, because a function in a view runs with the rights of who asks.
CREATE FUNCTION ingest.minutes_until() RETURNS timestamptz
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
    AS 'SELECT minutes_until FROM ingest.rolled';
CREATE FUNCTION ingest.hours_until() RETURNS timestamptz
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
    AS 'SELECT hours_until FROM ingest.rolled';

-- Cells that passed a machine. A cell is new at a station where it was not in the 30 days before.
CREATE TABLE cell.visit_1m (
    time      timestamptz NOT NULL,
    station   text NOT NULL,
    equipment text NOT NULL,
    cells     bigint NOT NULL,
    failed    bigint NOT NULL,
    new       bigint NOT NULL,
    new_good  bigint NOT NULL
);
CREATE TABLE cell.visit_1h (LIKE cell.visit_1m INCLUDING ALL);
COMMENT ON COLUMN cell.visit_1m.new_good IS 'of the new ones, those that did not fail';

-- How what cells are judged by is spread: by value (factor ''bin'', the place is the middle of a
-- bin), by the tray and by the probe that measured it.
CREATE TABLE cell.spread_1h (
    time           timestamptz NOT NULL,
    line           text NOT NULL,
    characteristic text NOT NULL,
    factor         text NOT NULL CHECK (factor IN ('bin', 'tray', 'probe')),
    place          text NOT NULL,
    n              bigint NOT NULL,
    sum            double precision NOT NULL,
    sum2           double precision NOT NULL,
    min            double precision NOT NULL,
    max            double precision NOT NULL
);
SELECT create_hypertable('cell.visit_1m', by_range('time', INTERVAL '7 days'), create_default_indexes => false),
       create_hypertable('cell.visit_1h', by_range('time', INTERVAL '90 days'), create_default_indexes => false),
       create_hypertable('cell.spread_1h', by_range('time', INTERVAL '30 days'), create_default_indexes => false);
CREATE INDEX ON cell.visit_1m (equipment, time);
CREATE INDEX ON cell.visit_1h (equipment, time);
CREATE INDEX ON cell.spread_1h (line, characteristic, factor, time);
GRANT SELECT, INSERT, DELETE ON cell.visit_1m, cell.visit_1h, cell.spread_1h TO jellyroll_writer;
