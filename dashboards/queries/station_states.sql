WITH part AS (
    SELECT
        time_bucket(make_interval(secs => $__interval_ms / 1000.0), greatest(s.time, $__timeFrom()::timestamptz)) AS first,
        greatest(s.time, $__timeFrom()::timestamptz) AS begun,
        least(s.ended_at, $__timeTo()::timestamptz) AS ended,
        s.station,
        s.class
    FROM dash.state AS s
    WHERE s.time > $__timeFrom()::timestamptz - INTERVAL '1 day'
      AND s.time < $__timeTo()
      AND s.ended_at > $__timeFrom()
      AND s.line IN (${line:sqlstring})
      AND s.station IN (
          SELECT station FROM dash.station WHERE coalesce(position_count, 0) < 256
      )
), cut AS (
    SELECT
        bucket,
        part.station,
        part.class,
        sum(extract(epoch FROM
            least(part.ended, bucket + make_interval(secs => $__interval_ms / 1000.0))
            - greatest(part.begun, bucket)
        )) AS seconds
    FROM part
    CROSS JOIN LATERAL generate_series(
        part.first,
        part.ended - INTERVAL '1 microsecond',
        make_interval(secs => $__interval_ms / 1000.0)
    ) AS bucket
    GROUP BY 1, 2, 3
)
SELECT
    cut.bucket AS "time",
    s.title AS metric,
    -- What most of its machines' time was: 1 producing, 2 stopped, 3 planned, 4 unknown.
    (array_agg(array_position(ARRAY['producing', 'stopped', 'planned', 'unknown'], cut.class)
        ORDER BY cut.seconds DESC))[1]::double precision AS value
FROM cut
JOIN dash.station AS s ON s.station = cut.station
GROUP BY 1, 2
ORDER BY 1, 2
