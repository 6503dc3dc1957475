-- How near its limit the statistic of all signals of a machine was, minute by minute: the most of what
-- the monitor saw when it wrote, which is each 20 seconds and at each alarm.
CREATE TABLE analysis.score_1m (
    time           timestamptz NOT NULL,
    equipment      text NOT NULL,
    share_of_limit double precision NOT NULL,
    PRIMARY KEY (equipment, time)
);
SELECT create_hypertable('analysis.score_1m', by_range('time', INTERVAL '30 days'), create_default_indexes => false);
