WITH latest AS (
    SELECT DISTINCT ON (position) position, value
    FROM dash.result
    WHERE $__timeFilter(time)
      AND station = 'formation'
      AND equipment IN (${tray:sqlstring})
      AND characteristic IN (${characteristic:sqlstring})
      -- The cells of a tray are done at one time; the hours say when, and no older row is read.
      AND time >= (
          SELECT max(h.time) - INTERVAL '1 hour'
          FROM dash.cell_formation_1h AS h
          WHERE h.time >= $__timeFrom()::timestamptz - INTERVAL '1 hour'
            AND h.time <= $__timeTo()
            AND h.equipment IN (${tray:sqlstring})
      )
    ORDER BY position, time DESC
)
SELECT
    concat_ws(' - ', (position - 1) / 16 * 16 + 1, (position - 1) / 16 * 16 + 16) AS "channels",
    max(value) FILTER (WHERE (position - 1) % 16 = 0) AS "1",
    max(value) FILTER (WHERE (position - 1) % 16 = 1) AS "2",
    max(value) FILTER (WHERE (position - 1) % 16 = 2) AS "3",
    max(value) FILTER (WHERE (position - 1) % 16 = 3) AS "4",
    max(value) FILTER (WHERE (position - 1) % 16 = 4) AS "5",
    max(value) FILTER (WHERE (position - 1) % 16 = 5) AS "6",
    max(value) FILTER (WHERE (position - 1) % 16 = 6) AS "7",
    max(value) FILTER (WHERE (position - 1) % 16 = 7) AS "8",
    max(value) FILTER (WHERE (position - 1) % 16 = 8) AS "9",
    max(value) FILTER (WHERE (position - 1) % 16 = 9) AS "10",
    max(value) FILTER (WHERE (position - 1) % 16 = 10) AS "11",
    max(value) FILTER (WHERE (position - 1) % 16 = 11) AS "12",
    max(value) FILTER (WHERE (position - 1) % 16 = 12) AS "13",
    max(value) FILTER (WHERE (position - 1) % 16 = 13) AS "14",
    max(value) FILTER (WHERE (position - 1) % 16 = 14) AS "15",
    max(value) FILTER (WHERE (position - 1) % 16 = 15) AS "16"
FROM latest
GROUP BY (position - 1) / 16
ORDER BY (position - 1) / 16
