-- The rate of cells with a fault of their own, line by line: what has been counted, and the charts.

-- Cells that were judged before have been counted by nobody: the charts learn from here on.
ALTER TABLE analysis.cell_quality ADD COLUMN counted boolean NOT NULL DEFAULT true;
ALTER TABLE analysis.cell_quality ALTER COLUMN counted SET DEFAULT false;
COMMENT ON COLUMN analysis.cell_quality.counted IS
    'whether the charts of faulty cells have taken it in: each cell once, when it is finished';

CREATE TABLE analysis.faulty_count (
    line         text PRIMARY KEY,
    place        timestamptz NOT NULL,
    place_xid    xid8 NOT NULL,
    model        integer NOT NULL,
    learnt_cells bigint NOT NULL,
    changed_at   timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (fillfactor = 50); -- each step of the monitor updates a row
COMMENT ON COLUMN analysis.faulty_count.place IS 'cells up to this time have been counted';
COMMENT ON COLUMN analysis.faulty_count.place_xid IS
    'older cells that were written from here on are late';
COMMENT ON COLUMN analysis.faulty_count.model IS
    'version of the model of cells that judged what is learnt from; 0: none';

CREATE TABLE analysis.faulty_chart (
    line          text REFERENCES analysis.faulty_count,
    measure       text,
    learnt_faulty bigint NOT NULL,
    p0            double precision,
    p1            double precision,
    step          bigint,
    limit_value   bigint,
    total         bigint NOT NULL,
    is_on         boolean NOT NULL,
    since_us      bigint NOT NULL,
    cells         bigint NOT NULL,
    faulty        bigint NOT NULL,
    anomaly       bigint,
    looked        bigint NOT NULL,
    PRIMARY KEY (line, measure)
) WITH (fillfactor = 50);
COMMENT ON TABLE analysis.faulty_chart IS
    'a Bernoulli CUSUM of each line and measure: a good cell takes 1 off, a faulty one adds step - 1';
COMMENT ON COLUMN analysis.faulty_chart.p0 IS 'usual share of faulty cells; null while it learns';
COMMENT ON COLUMN analysis.faulty_chart.p1 IS 'share that it is quickest to see';
COMMENT ON COLUMN analysis.faulty_chart.cells IS 'since the sum last left zero, at since_us';
COMMENT ON COLUMN analysis.faulty_chart.anomaly IS 'that is on';
COMMENT ON COLUMN analysis.faulty_chart.looked IS
    'faulty cells of the event when its suspects were last looked for';
