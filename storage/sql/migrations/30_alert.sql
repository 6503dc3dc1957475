-- Alerts: what is open, everything that happened to it, and what must be told to whom.

CREATE SCHEMA alert;

CREATE TABLE alert.alert (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    opened_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    closed_at      timestamptz,
    state          text NOT NULL
                   CHECK (state IN ('unacknowledged', 'acknowledged', 'returned', 'normal')),
    severity       text NOT NULL CHECK (severity IN ('low', 'medium', 'high')),
    line           text NOT NULL,
    station        text NOT NULL,
    equipment      text NOT NULL,
    position       smallint,
    characteristic text NOT NULL,
    direction      text NOT NULL CHECK (direction IN ('low', 'high')),
    title          text NOT NULL,
    since          timestamptz NOT NULL,
    details        jsonb NOT NULL,
    CHECK ((state = 'normal') = (closed_at IS NOT NULL))
);
-- One open alert per cause, whoever writes.
CREATE UNIQUE INDEX alert_open_cause ON alert.alert
    (line, station, equipment, coalesce(position, 0), characteristic, direction)
    WHERE closed_at IS NULL;
CREATE INDEX ON alert.alert (opened_at);
COMMENT ON COLUMN alert.alert.state IS
    'ISA-18.2; returned: the process is back to normal and nobody has acknowledged the alert yet';
COMMENT ON COLUMN alert.alert.since IS 'estimated onset of the excursion';
COMMENT ON COLUMN alert.alert.details IS 'the evidence of the latest anomaly that raised the alert';

CREATE TABLE alert.event (
    id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    alert  bigint NOT NULL REFERENCES alert.alert,
    who    text NOT NULL,
    what   text NOT NULL,
    why    text NOT NULL DEFAULT '',
    detail jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX ON alert.event (alert, id);
CREATE INDEX ON alert.event (at);

CREATE FUNCTION alert.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'alert.event is a history: rows are added, never changed or deleted';
END $$;
CREATE TRIGGER event_is_a_history BEFORE UPDATE OR DELETE OR TRUNCATE ON alert.event
    FOR EACH STATEMENT EXECUTE FUNCTION alert.refuse_change();

-- The outbox. A row is written in the transaction that changes its alert, so neither is without
-- the other; the sender takes it from here.
CREATE TABLE alert.delivery (
    id               text PRIMARY KEY CHECK (id LIKE 'msg\_%'),
    alert            bigint NOT NULL REFERENCES alert.alert,
    event            bigint NOT NULL REFERENCES alert.event,
    endpoint         text NOT NULL,
    event_type       text NOT NULL,
    body             bytea NOT NULL,
    status           text NOT NULL DEFAULT 'pending'
                     CHECK (status IN ('pending', 'delivered', 'failed')),
    attempts         integer NOT NULL DEFAULT 0,
    created_at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    first_attempt_at timestamptz,
    next_attempt_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    delivered_at     timestamptz,
    last_status      smallint,
    last_error       text,
    UNIQUE (event, endpoint),
    CHECK ((status = 'delivered') = (delivered_at IS NOT NULL))
);
CREATE INDEX delivery_pending ON alert.delivery (endpoint, next_attempt_at) WHERE status = 'pending';
CREATE INDEX ON alert.delivery (alert, event);
CREATE INDEX ON alert.delivery (created_at);
COMMENT ON COLUMN alert.delivery.id IS 'the webhook-id of every attempt';
COMMENT ON COLUMN alert.delivery.endpoint IS 'name of the endpoint; its URL may hold a secret';
COMMENT ON COLUMN alert.delivery.body IS 'exactly the bytes that are signed and sent';
COMMENT ON COLUMN alert.delivery.last_status IS 'HTTP status of the last answer';

-- Whoever listens is woken at the commit, not before.
CREATE FUNCTION alert.wake() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify(TG_ARGV[0], '');
    RETURN NULL;
END $$;
CREATE TRIGGER wake_the_correlator AFTER INSERT ON analysis.anomaly
    FOR EACH STATEMENT EXECUTE FUNCTION alert.wake('jellyroll_anomaly');
CREATE TRIGGER wake_the_senders AFTER INSERT ON alert.delivery
    FOR EACH STATEMENT EXECUTE FUNCTION alert.wake('jellyroll_delivery');
