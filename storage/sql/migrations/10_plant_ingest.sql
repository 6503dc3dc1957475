-- The plant as the database knows it (mirrors of plant.toml), and the book-keeping of ingest.

CREATE SCHEMA plant;
CREATE SCHEMA telemetry;
CREATE SCHEMA cell;
CREATE SCHEMA machine;
CREATE SCHEMA material;
CREATE SCHEMA ingest;

CREATE TABLE plant.site (
    enterprise text NOT NULL,
    name       text NOT NULL,
    time_zone  text NOT NULL,
    PRIMARY KEY (enterprise, name)
);

CREATE TABLE plant.line (
    name                 text PRIMARY KEY,
    cells_per_second     double precision NOT NULL,
    false_alarms_per_day double precision NOT NULL
);

CREATE TABLE plant.station (
    name           text PRIMARY KEY,
    title          text NOT NULL,
    area           text NOT NULL,
    ordinal        integer NOT NULL,
    position_name  text,
    position_count integer,
    delay_s        double precision NOT NULL
);

CREATE TABLE plant.equipment (
    name            text PRIMARY KEY,
    line            text NOT NULL,
    station         text NOT NULL REFERENCES plant.station,
    area            text NOT NULL,
    equipment_group text NOT NULL,
    number          integer NOT NULL
);
CREATE INDEX ON plant.equipment (line, station);

CREATE TABLE plant.signal (
    station         text NOT NULL REFERENCES plant.station,
    equipment_group text NOT NULL,
    kind            text NOT NULL CHECK (kind IN ('telemetry', 'cell')),
    name            text NOT NULL,
    title           text NOT NULL,
    unit            text NOT NULL,
    nominal         double precision NOT NULL,
    sd              double precision NOT NULL,
    low             double precision,
    high            double precision,
    rate_hz         double precision NOT NULL,
    per_position    boolean NOT NULL,
    ordinal         integer NOT NULL,
    PRIMARY KEY (station, equipment_group, kind, name)
);

-- One line per committed transaction of an ingest worker. Followers read it in the order of xid
-- once no older transaction can still appear: xid < pg_snapshot_xmin(pg_current_snapshot()).
CREATE SEQUENCE ingest.batch_id_seq;
CREATE TABLE ingest.batch (
    -- Drawn before the rows are written, which carry it; the line itself is written after them.
    id                 bigint PRIMARY KEY,
    xid                xid8 NOT NULL DEFAULT pg_current_xact_id(),
    worker             text NOT NULL,
    received_at        timestamptz NOT NULL,
    committed_at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    messages           integer NOT NULL,
    rows               bigint NOT NULL DEFAULT 0,
    value_count        bigint NOT NULL DEFAULT 0,
    duplicate_messages integer NOT NULL DEFAULT 0,
    dead_letters       integer NOT NULL DEFAULT 0
);
CREATE INDEX ON ingest.batch (xid);
CREATE INDEX ON ingest.batch (committed_at);
COMMENT ON COLUMN ingest.batch.messages IS
    'messages taken in = stored + duplicate_messages + dead_letters';
COMMENT ON COLUMN ingest.batch.value_count IS 'numbers stored, each element of an array counts';

CREATE TABLE ingest.batch_span (
    batch      bigint NOT NULL REFERENCES ingest.batch ON DELETE CASCADE,
    table_name text NOT NULL,
    rows       bigint NOT NULL,
    from_time  timestamptz NOT NULL,
    to_time    timestamptz NOT NULL,
    PRIMARY KEY (batch, table_name)
);

CREATE TABLE ingest.dead_letter (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    batch       bigint REFERENCES ingest.batch DEFERRABLE INITIALLY DEFERRED,
    received_at timestamptz NOT NULL,
    topic       text NOT NULL,
    payload     bytea NOT NULL,
    reason      text NOT NULL,
    detail      text NOT NULL,
    -- When `jellyroll deadletters replay` last gave it to the broker again.
    handed_back_at timestamptz,
    -- sha256 of topic and payload: a message that the broker delivers again is known by it.
    digest      bytea NOT NULL
);
CREATE INDEX ON ingest.dead_letter (digest);
CREATE INDEX ON ingest.dead_letter (received_at);

CREATE TABLE ingest.cursor (
    follower   text PRIMARY KEY,
    xid        xid8 NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
