WITH bin AS (
    SELECT min(nominal) AS nominal, min(sd) / 5 AS width
    FROM dash.signal
    WHERE kind = 'cell' AND station = '{station}' AND characteristic = '{result}'
), value AS (
    SELECT least(greatest(round((c.x - bin.nominal) / bin.width), -100), 100) AS number, 1 AS n
    FROM (
        SELECT {column} AS x
        FROM dash.{view}
        WHERE $__timeTo()::timestamptz - $__timeFrom()::timestamptz < INTERVAL '12 hours'
          AND $__timeFilter(time)
          AND line IN (${line:sqlstring})
          AND {column} IS NOT NULL
    ) AS c
    CROSS JOIN bin
    UNION ALL
    -- Hours have been put into the same bins.
    SELECT round((s.place::double precision - bin.nominal) / bin.width), s.n
    FROM dash.spread_1h AS s
    CROSS JOIN bin
    WHERE $__timeTo()::timestamptz - $__timeFrom()::timestamptz >= INTERVAL '12 hours'
      AND $__timeFilter(s.time)
      AND s.line IN (${line:sqlstring})
      AND s.characteristic = '{measure}'
      AND s.factor = 'bin'
), bar AS (
    SELECT min(number) AS low, ceil((max(number) - min(number) + 1) / 40) AS bins
    FROM value
)
SELECT
    round((bin.nominal + bin.width * (
        bar.low + floor((value.number - bar.low) / bar.bins) * bar.bins + (bar.bins - 1) / 2
    ))::numeric, 4)::text AS "{title}",
    sum(value.n)::double precision AS "cells"
FROM value
CROSS JOIN bar
CROSS JOIN bin
GROUP BY 1
ORDER BY min(value.number)
