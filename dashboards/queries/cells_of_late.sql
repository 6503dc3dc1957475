-- From machine to machine: cells of a line that has none would be looked for among all others'.
SELECT c.cell
FROM dash.equipment AS e
CROSS JOIN LATERAL (
    SELECT cell, time
    FROM dash.cell_end_of_line
    WHERE equipment = e.equipment AND time > now() - INTERVAL '30 days'
    ORDER BY time DESC
    LIMIT 200
) AS c
WHERE e.line IN (${line:sqlstring}) AND e.station = 'end_of_line'
ORDER BY c.time DESC
LIMIT 200
