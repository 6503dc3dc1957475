-- Where the rows begin that no policy reaches back to and no refresh has ever read, if any.
-- It is the oldest chunk: further back are samples that retention has dropped, and a refresh there
-- would empty what is kept of them. The day more is for the time until the policy runs.
SELECT oldest.range_start, now() - {late} + INTERVAL '1 day'
FROM (
    SELECT range_start, range_end
    FROM timescaledb_information.chunks
    WHERE hypertable_schema = {schema} AND hypertable_name = {name}
    ORDER BY range_start
    LIMIT 1
) AS oldest
WHERE oldest.range_start < now() - {late}
  AND NOT EXISTS (
      SELECT FROM {made}
      WHERE time < least(oldest.range_end, now() - {late} - INTERVAL '1 day')
  )
