-- Each line of the ledger is added once: the place of the follower moves on with it.
INSERT INTO ingest.batch_1m AS m
SELECT * FROM ingest.batch_minutes(
    coalesce((SELECT xid FROM ingest.cursor WHERE follower = %(follower)s), '0'), %(last)s::xid8
)
ON CONFLICT (time, worker) DO UPDATE SET
    batches = m.batches + excluded.batches,
    messages = m.messages + excluded.messages,
    rows = m.rows + excluded.rows,
    value_count = m.value_count + excluded.value_count,
    duplicates = m.duplicates + excluded.duplicates,
    dead_letters = m.dead_letters + excluded.dead_letters,
    delay_sum_s = m.delay_sum_s + excluded.delay_sum_s,
    delay_max_s = greatest(m.delay_max_s, excluded.delay_max_s),
    last_commit_at = greatest(m.last_commit_at, excluded.last_commit_at)
