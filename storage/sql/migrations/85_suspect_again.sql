-- Suspects are looked at again as evidence comes in: the list that holds now is in analysis.suspect,
-- the lists before it are kept.

ALTER TABLE analysis.suspect
    ADD COLUMN version   smallint NOT NULL DEFAULT 1,
    ADD COLUMN ranked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    DROP CONSTRAINT suspect_factor_check,
    ADD CONSTRAINT suspect_factor_check
        CHECK (factor IN ('equipment', 'position', 'lane', 'block', 'roll', 'roll_metres', 'slurry',
                          'lot', 'tray', 'channel', 'recipe', 'shift', 'sensor'));
COMMENT ON COLUMN analysis.suspect.version IS
    '1: of the moment of the alarm; all suspects of an anomaly have the same';
COMMENT ON COLUMN analysis.suspect.value IS
    'l1-filler-01; l1-filler-01:3 for a position, lane or channel; l1-tower-01 for a block of'
    ' machines; the name of a roll, slurry, lot';

CREATE TABLE analysis.suspect_past (
    LIKE analysis.suspect INCLUDING COMMENTS,
    replaced_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (anomaly, version, rank)
);
COMMENT ON TABLE analysis.suspect_past IS
    'lists of suspects that newer ones have replaced: only ever added to';

-- Anomalies whose suspects are to be looked at again when data of next_at has come.
CREATE TABLE analysis.suspect_look (
    anomaly bigint PRIMARY KEY,
    next_at timestamptz NOT NULL
);
CREATE INDEX ON analysis.suspect_look (next_at);
