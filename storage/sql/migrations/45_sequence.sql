-- The numbers of messages that came, by sender: what is missing between them was lost on the way.

CREATE TABLE ingest.sequence (
    source   text NOT NULL,
    run      bigint NOT NULL,
    seen     int8multirange NOT NULL,
    first_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    last_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (source, run)
) WITH (fillfactor = 50);
COMMENT ON COLUMN ingest.sequence.source IS 'equipment, or group/node of a Sparkplug edge node';
COMMENT ON COLUMN ingest.sequence.run IS
    'grows with each start of the counting; of an edge node, its birth in ms since 1970';

CREATE VIEW ingest.gap AS
SELECT source, run, lower(hole) AS from_seq, upper(hole) - 1 AS to_seq,
       upper(hole) - lower(hole) AS messages, last_at
  FROM ingest.sequence,
       unnest(int8multirange(range_merge(seen)) - seen) AS hole;
COMMENT ON VIEW ingest.gap IS
    'missing between the first and the last that came; a late one closes its gap again';

-- A letter that somebody has decided about: it counts on in the books, its payload is gone.
ALTER TABLE ingest.dead_letter ADD COLUMN discarded_at timestamptz;
