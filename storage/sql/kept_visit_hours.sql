SELECT
    time_bucket(INTERVAL '1 hour', time) AS time,
    station,
    equipment,
    sum(cells)::bigint AS cells,
    sum(failed)::bigint AS failed,
    sum(new)::bigint AS new,
    sum(new_good)::bigint AS new_good
FROM cell.visit_1m
WHERE station = {station} AND time >= {since} AND time < {until}
GROUP BY 1, 2, 3
