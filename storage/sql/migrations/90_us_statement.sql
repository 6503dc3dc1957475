-- What the US ledger came to, each time that somebody recorded it: a statement has a year's figures and
-- the scrap of that year. Grafana shows them; nothing here is changed or deleted.

CREATE TABLE ledger.statement (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    recorded_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    who          text NOT NULL,
    year         smallint NOT NULL,
    rules_sha256 bytea NOT NULL,
    unverified   integer NOT NULL,
    factor       numeric NOT NULL,
    kwh          numeric NOT NULL,
    credit_usd   numeric NOT NULL,
    keep_until   date NOT NULL
);
CREATE INDEX ON ledger.statement (year, id DESC);
COMMENT ON COLUMN ledger.statement.rules_sha256 IS 'of the file of law and money';
COMMENT ON COLUMN ledger.statement.unverified IS 'figures of law that nobody has compared with their source';

CREATE TABLE ledger.statement_product (
    statement  bigint NOT NULL REFERENCES ledger.statement,
    product    text NOT NULL,
    cells      bigint NOT NULL,
    kwh        numeric NOT NULL,
    credit_usd numeric NOT NULL,
    PRIMARY KEY (statement, product)
);
CREATE TABLE ledger.statement_excluded (
    statement bigint NOT NULL REFERENCES ledger.statement,
    product   text NOT NULL,
    reason    text NOT NULL,
    cells     bigint NOT NULL,
    kwh       numeric NOT NULL,
    PRIMARY KEY (statement, product, reason)
);
CREATE TABLE ledger.statement_month (
    statement      bigint NOT NULL REFERENCES ledger.statement,
    product        text NOT NULL,
    month          date NOT NULL,
    cells          bigint NOT NULL,
    kwh            numeric NOT NULL,
    cost_usd       double precision NOT NULL,
    ratio          double precision,
    threshold      numeric NOT NULL,
    domestic_ratio double precision,
    reason         text,
    PRIMARY KEY (statement, product, month)
);
COMMENT ON COLUMN ledger.statement_month.reason IS 'why its cells are excluded; null: they are not';

CREATE TABLE ledger.statement_lot (
    statement    bigint NOT NULL REFERENCES ledger.statement,
    product      text NOT NULL,
    month        date NOT NULL,
    lot          text NOT NULL,
    material     text NOT NULL,
    amount       double precision NOT NULL,
    unit         text NOT NULL,
    cost_usd     double precision,
    clean_usd    double precision,
    domestic_usd double precision,
    problem      text,
    blocked_kwh  numeric NOT NULL,
    PRIMARY KEY (statement, product, month, lot, unit, material)
);
COMMENT ON COLUMN ledger.statement_lot.cost_usd IS 'null of a lot that the ledger does not know';
COMMENT ON COLUMN ledger.statement_lot.blocked_kwh IS 'excluded with it, for the lot''s own problem';

CREATE TABLE ledger.statement_failed (
    statement bigint NOT NULL REFERENCES ledger.statement,
    product   text NOT NULL,
    station   text NOT NULL,
    result    text NOT NULL,
    cells     bigint NOT NULL,
    recycled  bigint NOT NULL,
    cost_usd  double precision NOT NULL,
    PRIMARY KEY (statement, product, station, result)
);
CREATE TABLE ledger.statement_scrap (
    statement    bigint NOT NULL REFERENCES ledger.statement,
    product      text NOT NULL,
    station      text NOT NULL,
    result       text NOT NULL,
    material     text NOT NULL,
    unit         text NOT NULL,
    amount       double precision NOT NULL,
    recycled     double precision NOT NULL,
    kg           double precision,
    recycled_kg  double precision,
    cost_usd     double precision NOT NULL,
    recycled_usd double precision NOT NULL,
    PRIMARY KEY (statement, product, station, result, material, unit)
);
COMMENT ON COLUMN ledger.statement_scrap.kg IS 'null where the plant file does not say what a unit weighs';

DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['statement', 'statement_product', 'statement_excluded', 'statement_month',
                                'statement_lot', 'statement_failed', 'statement_scrap']
    LOOP
        EXECUTE format('CREATE TRIGGER %1$s_is_a_ledger BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.%1$s'
                       ' FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change()', name);
    END LOOP;
END $$;

-- The services read and add; they own nothing.
GRANT USAGE ON SCHEMA ledger TO jellyroll_writer;
GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA ledger TO jellyroll_writer;
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA ledger TO jellyroll_writer;
GRANT INSERT ON material.hold, material.flag TO jellyroll_writer;
GRANT INSERT, DELETE ON material.mounted TO jellyroll_writer;
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA material TO jellyroll_writer;
