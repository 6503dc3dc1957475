-- Who may be behind an anomaly: a ranked list, written with it.

CREATE TABLE analysis.suspect (
    anomaly        bigint NOT NULL REFERENCES analysis.anomaly,
    rank           smallint NOT NULL,
    factor         text NOT NULL
                   CHECK (factor IN ('equipment', 'position', 'lane', 'roll', 'roll_metres', 'slurry',
                                     'lot', 'tray', 'channel', 'recipe', 'shift', 'sensor')),
    value          text NOT NULL,
    station        text NOT NULL,
    affected       integer NOT NULL,
    affected_total integer NOT NULL,
    others         integer NOT NULL,
    others_total   integer NOT NULL,
    lift           double precision,
    p_value        double precision,
    q_value        double precision,
    since          timestamptz NOT NULL,
    effect         double precision NOT NULL,
    unit           text NOT NULL,
    sentence       text NOT NULL,
    PRIMARY KEY (anomaly, rank)
);
CREATE INDEX ON analysis.suspect (factor, value);
COMMENT ON COLUMN analysis.suspect.value IS
    'l1-filler-01; l1-filler-01:3 for a position, lane or channel; the name of a roll, slurry, lot';
COMMENT ON COLUMN analysis.suspect.affected IS
    'of affected_total cells that deviate, so many are the suspect''s';
COMMENT ON COLUMN analysis.suspect.others IS 'of others_total cells that do not';
COMMENT ON COLUMN analysis.suspect.lift IS 'its cells are affected so many times as often as all';
COMMENT ON COLUMN analysis.suspect.q_value IS
    'false discovery rate at which it stands out; null where no cells were compared';
COMMENT ON COLUMN analysis.suspect.effect IS 'mean deviation of its cells, in unit';
