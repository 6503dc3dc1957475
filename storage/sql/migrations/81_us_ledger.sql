-- The US production ledger. Nothing here is changed or deleted: a correction is a new row, and the
-- latest row of a thing counts.

CREATE SCHEMA ledger;

CREATE FUNCTION ledger.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is a ledger: add a row that corrects, do not change or delete', TG_TABLE_NAME;
END $$;

CREATE TABLE ledger.lot (
    id                bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    recorded_at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    who               text NOT NULL,
    file_sha256       bytea NOT NULL,
    lot               text NOT NULL,
    material          text NOT NULL,
    supplier          text NOT NULL,
    country           text NOT NULL CHECK (country ~ '^[A-Z]{2}$'),
    is_prohibited     boolean,
    certificate       text,
    certificate_until date,
    amount            numeric NOT NULL CHECK (amount > 0),
    unit              text NOT NULL,
    usd_per_unit      numeric NOT NULL CHECK (usd_per_unit >= 0),
    received_on       date NOT NULL
);
CREATE INDEX ON ledger.lot (lot, id DESC);
COMMENT ON COLUMN ledger.lot.country IS 'where it was produced, ISO 3166-1 alpha-2';
COMMENT ON COLUMN ledger.lot.is_prohibited IS
    'of a prohibited foreign entity; null: the supplier has not certified that it is not';
COMMENT ON COLUMN ledger.lot.file_sha256 IS 'of the file that the row came from';

CREATE TABLE ledger.disposition (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    recorded_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    who            text NOT NULL,
    file_sha256    bytea NOT NULL,
    cell           text NOT NULL,
    what           text NOT NULL CHECK (what IN ('sold', 'returned', 'scrapped', 'recycled', 'stock')),
    on_date        date NOT NULL,
    customer       text,
    customer_class text CHECK (customer_class IN ('unrelated', 'related')),
    invoice        text,
    CHECK (what <> 'sold' OR (customer IS NOT NULL AND customer_class IS NOT NULL))
);
CREATE INDEX ON ledger.disposition (cell, id DESC);
CREATE INDEX ON ledger.disposition (on_date);

CREATE TABLE ledger.calibration (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    who         text NOT NULL,
    file_sha256 bytea NOT NULL,
    equipment   text NOT NULL,
    position    smallint,
    certificate text NOT NULL,
    valid_from  date NOT NULL,
    valid_until date NOT NULL CHECK (valid_until > valid_from)
);
CREATE INDEX ON ledger.calibration (equipment, position);
COMMENT ON COLUMN ledger.calibration.position IS 'the channel; null: all of the machine';
COMMENT ON COLUMN ledger.calibration.valid_until IS 'not included';

CREATE TRIGGER lot_is_a_ledger BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.lot
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER disposition_is_a_ledger BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.disposition
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER calibration_is_a_ledger BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.calibration
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();

CREATE VIEW ledger.lot_now AS
SELECT DISTINCT ON (lot) * FROM ledger.lot ORDER BY lot, id DESC;
CREATE VIEW ledger.disposition_now AS
SELECT DISTINCT ON (cell) * FROM ledger.disposition ORDER BY cell, id DESC;
COMMENT ON VIEW ledger.lot_now IS 'each lot as last corrected';
COMMENT ON VIEW ledger.disposition_now IS 'each cell''s last disposition';
