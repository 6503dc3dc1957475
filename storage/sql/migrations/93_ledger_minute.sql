-- The ledger by minute and worker, as far as follower `rollup` has read it: a month of lines is
-- millions.

CREATE TABLE ingest.batch_1m (
    time           timestamptz NOT NULL,
    worker         text NOT NULL,
    batches        bigint NOT NULL,
    messages       bigint NOT NULL,
    rows           bigint NOT NULL,
    value_count    bigint NOT NULL,
    duplicates     bigint NOT NULL,
    dead_letters   bigint NOT NULL,
    delay_sum_s    double precision NOT NULL,
    delay_max_s    double precision NOT NULL,
    last_commit_at timestamptz NOT NULL,
    PRIMARY KEY (time, worker)
) WITH (fillfactor = 50); -- the minute that goes on is written again and again
COMMENT ON COLUMN ingest.batch_1m.delay_sum_s IS 'from receipt to commit, of all batches together';

-- The same of the lines after *place*, up to and with *last*.
CREATE FUNCTION ingest.batch_minutes(place xid8, last xid8) RETURNS SETOF ingest.batch_1m
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
    BEGIN ATOMIC
    SELECT
        date_trunc('minute', committed_at), worker, count(*), sum(messages)::bigint, sum(rows)::bigint,
        sum(value_count)::bigint, sum(duplicate_messages)::bigint, sum(dead_letters)::bigint,
        sum(extract(epoch FROM committed_at - received_at))::double precision,
        max(extract(epoch FROM committed_at - received_at))::double precision,
        max(committed_at)
    FROM ingest.batch
    WHERE xid > place AND xid <= last
    GROUP BY 1, 2;
    END;

-- Grades are counted over months without opening the rows.
CREATE INDEX ON analysis.cell_quality (line, time) INCLUDE (grade, disposition);
DROP INDEX analysis.cell_quality_line_time_idx;
