SELECT n::text
FROM dash.station
CROSS JOIN LATERAL generate_series(0, coalesce(position_count, 0)) AS n
WHERE station IN (${station:sqlstring})
ORDER BY n
