SELECT v.time, {station}::text AS station, v.equipment, v.cells, v.failed, v.new, v.new_good
FROM (
    SELECT
        time_bucket(INTERVAL {width}, t.time) AS time,
        t.equipment::text AS equipment,
        count(*) AS cells,
        count(*) FILTER (WHERE t.verdict = 'fail') AS failed,
        count(*) FILTER (WHERE visit.is_new) AS new,
        count(*) FILTER (WHERE visit.is_new AND t.verdict IS DISTINCT FROM 'fail') AS new_good
    FROM {table} AS t
    CROSS JOIN LATERAL (
        -- OFFSET 0: or it would be asked once for each count.
        SELECT NOT EXISTS (
            SELECT
            FROM {table} AS earlier
            WHERE earlier.cell = t.cell
              AND earlier.time < t.time
              AND earlier.time > t.time - INTERVAL '30 days'
        ) AS is_new
        OFFSET 0
    ) AS visit
    WHERE t.time >= {since} AND t.time < {until}
    GROUP BY 1, 2
) AS v
