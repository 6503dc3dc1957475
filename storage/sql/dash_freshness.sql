-- Each machine of one station: when its last row was measured, and what came in the last minute.
-- Bounded in time, so that no old chunk is opened; by the key of the table, machine by machine.
SELECT
    e.line,
    e.station,
    e.name AS equipment,
    greatest(sample.last_time, cells.last_time) AS last_time,
    (coalesce(minute.numbers, 0) + coalesce(cells.numbers, 0))::double precision AS values_last_minute,
    coalesce(cells.cells, 0)::double precision AS cells_last_minute
FROM plant.equipment AS e
LEFT JOIN LATERAL ({last_sample}) AS sample ON true
LEFT JOIN LATERAL ({last_minute}) AS minute ON true
LEFT JOIN ({cells}) AS cells ON cells.equipment = e.name
WHERE e.station = {station}
