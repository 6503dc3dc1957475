-- The hours that are not kept yet: from the minutes that are, and the rows since then.
SELECT
    time_bucket(INTERVAL '1 hour', m.time) AS time,
    m.station,
    m.equipment,
    sum(m.cells)::bigint AS cells,
    sum(m.failed)::bigint AS failed,
    sum(m.new)::bigint AS new,
    sum(m.new_good)::bigint AS new_good
FROM (
    SELECT * FROM cell.visit_1m WHERE time >= {hours_until} AND time < {minutes_until}
    UNION ALL
    {live}
) AS m
GROUP BY 1, 2, 3
