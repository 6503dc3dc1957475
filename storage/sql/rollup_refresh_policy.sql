-- Only buckets whose rows have changed since the last refresh are made again, so a start as far
-- back as data may be late costs nothing on a quiet day.
SELECT add_continuous_aggregate_policy(
    {name},
    start_offset => {late},
    end_offset => INTERVAL {open},
    schedule_interval => INTERVAL {every},
    if_not_exists => true
)
