-- The life of an alert to its end: who took it, what hides it, how it was resolved, who is told next.

ALTER TABLE alert.alert
    ADD COLUMN kind text NOT NULL DEFAULT 'process'
        CHECK (kind IN ('process', 'signal_lost', 'endpoint', 'flood')),
    ADD COLUMN acknowledged_at timestamptz,
    ADD COLUMN acknowledged_by text,
    ADD COLUMN assignee text,
    ADD COLUMN returned_at timestamptz,
    ADD COLUMN return_due_at timestamptz,
    ADD COLUMN suppressed text
        CHECK (suppressed IN ('shelved', 'maintenance', 'stopped', 'explained', 'delayed')),
    ADD COLUMN parent bigint REFERENCES alert.alert,
    ADD COLUMN shelved_until timestamptz,
    ADD COLUMN told_at timestamptz,
    ADD COLUMN suspect_factor text,
    ADD COLUMN suspect_value text,
    ADD COLUMN resolution text CHECK (resolution IN ('true_alarm', 'false_alarm')),
    ADD COLUMN cause_code text,
    ADD COLUMN resolved_at timestamptz,
    ADD COLUMN resolved_by text,
    ADD CONSTRAINT resolved_whole
        CHECK (num_nonnulls(resolution, cause_code, resolved_at, resolved_by) IN (0, 4)),
    ADD CONSTRAINT acknowledged_whole
        CHECK (num_nonnulls(acknowledged_at, acknowledged_by) IN (0, 2)),
    ADD CONSTRAINT explained_by_a_parent CHECK (suppressed <> 'explained' OR parent IS NOT NULL),
    DROP CONSTRAINT alert_direction_check,
    ADD CONSTRAINT alert_direction_check CHECK (direction IN ('', 'low', 'high'));
COMMENT ON COLUMN alert.alert.kind IS
    'process: a model''s alarm; signal_lost: nothing comes any more; endpoint: webhooks do not '
    'arrive; flood: so many alarms at once that they are one alert';
COMMENT ON COLUMN alert.alert.line IS 'empty where the alert is about no line, or about all';
COMMENT ON COLUMN alert.alert.station IS 'empty where the alert is about a whole line';
COMMENT ON COLUMN alert.alert.equipment IS 'empty where the alert is about a whole station';
COMMENT ON COLUMN alert.alert.direction IS 'empty for a kind that has none';
COMMENT ON COLUMN alert.alert.acknowledged_at IS 'since it was last opened or reopened';
COMMENT ON COLUMN alert.alert.return_due_at IS
    'the process is back, and counts as back if it stays so until then (off-delay)';
COMMENT ON COLUMN alert.alert.suppressed IS 'why nobody is told: one reason, the first that holds';
COMMENT ON COLUMN alert.alert.parent IS 'the alert that explains this one';
COMMENT ON COLUMN alert.alert.shelved_until IS 'set by a person; also after it has passed';
COMMENT ON COLUMN alert.alert.told_at IS 'when somebody was first told; null: nobody yet';
COMMENT ON COLUMN alert.alert.suspect_factor IS 'first suspect of the evidence, analysis.suspect';

DROP INDEX alert.alert_open_cause;
CREATE UNIQUE INDEX alert_open_cause ON alert.alert
    (line, station, equipment, coalesce(position, 0), characteristic, direction, kind)
    WHERE closed_at IS NULL;
CREATE INDEX alert_open ON alert.alert (id) WHERE closed_at IS NULL;
CREATE INDEX alert_suppressed ON alert.alert (id)
    WHERE suppressed IS NOT NULL AND closed_at IS NULL;
CREATE INDEX alert_return_due ON alert.alert (return_due_at) WHERE return_due_at IS NOT NULL;
CREATE INDEX alert_shelved ON alert.alert (shelved_until) WHERE shelved_until IS NOT NULL;
CREATE INDEX alert_parent ON alert.alert (parent) WHERE parent IS NOT NULL;
CREATE INDEX alert_cause ON alert.alert (equipment, characteristic, opened_at);

-- A time in which a line, a station of it or one machine is worked on: its alerts wait.
CREATE TABLE alert.maintenance (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    line      text NOT NULL,
    station   text NOT NULL DEFAULT '',
    equipment text NOT NULL DEFAULT '',
    from_time timestamptz NOT NULL,
    to_time   timestamptz NOT NULL,
    ended_at  timestamptz,
    CHECK (from_time < to_time)
);
CREATE INDEX ON alert.maintenance (to_time);
COMMENT ON COLUMN alert.maintenance.station IS 'empty: the whole line';
COMMENT ON COLUMN alert.maintenance.equipment IS 'empty: the whole station';
COMMENT ON COLUMN alert.maintenance.ended_at IS 'a person ended it before its time, or called it off';

-- The history tells of alerts and of maintenance; the service follows what people did by xid.
ALTER TABLE alert.event
    ALTER COLUMN alert DROP NOT NULL,
    ADD COLUMN maintenance bigint REFERENCES alert.maintenance,
    ADD COLUMN xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    ADD CONSTRAINT about_one_thing CHECK (num_nonnulls(alert, maintenance) = 1);
CREATE INDEX event_of_people ON alert.event (xid, id) WHERE who <> 'jellyroll';
CREATE INDEX event_what ON alert.event (what, at);
CREATE INDEX event_maintenance ON alert.event (maintenance) WHERE maintenance IS NOT NULL;
CREATE TRIGGER wake_the_teller AFTER INSERT ON alert.event
    FOR EACH STATEMENT EXECUTE FUNCTION alert.wake('jellyroll_alert_event');

-- Causes that a flood swallowed: their evidence stands in the history of the flood's alert.
CREATE TABLE alert.flooded (
    alert          bigint NOT NULL REFERENCES alert.alert,
    line           text NOT NULL,
    station        text NOT NULL,
    equipment      text NOT NULL,
    position       smallint,
    characteristic text NOT NULL,
    direction      text NOT NULL,
    is_on          boolean NOT NULL,
    first_anomaly  bigint NOT NULL,
    last_anomaly   bigint NOT NULL,
    first_at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    UNIQUE NULLS NOT DISTINCT
        (alert, line, station, equipment, position, characteristic, direction)
);
CREATE INDEX ON alert.flooded (first_at);
CREATE INDEX ON alert.flooded (equipment, characteristic);

-- Whom a route tells next, as long as nobody has acknowledged.
CREATE TABLE alert.escalation (
    alert    bigint NOT NULL REFERENCES alert.alert,
    route    text NOT NULL,
    step     integer NOT NULL,
    began_at timestamptz NOT NULL,
    due_at   timestamptz NOT NULL,
    PRIMARY KEY (alert, route)
);
CREATE INDEX ON alert.escalation (due_at);
COMMENT ON COLUMN alert.escalation.step IS 'of the route, from 0: the first who are told';

-- What the watch-dog has seen of each machine.
CREATE TABLE alert.watch (
    equipment text PRIMARY KEY,
    last_time timestamptz NOT NULL,
    seen_at   timestamptz NOT NULL
);
COMMENT ON COLUMN alert.watch.last_time IS 'time of its latest row, as the machine says';
COMMENT ON COLUMN alert.watch.seen_at IS 'when the watch-dog first saw that row';
