-- From machine to machine: among the records of cells those of slitters are few.
SELECT DISTINCT slit.parent
FROM dash.equipment AS e
CROSS JOIN LATERAL (
    SELECT parent
    FROM dash.genealogy
    WHERE equipment = e.equipment AND time > now() - INTERVAL '14 days'
    OFFSET 0
) AS slit
WHERE e.line IN (${line:sqlstring}) AND e.station = 'slitting'
ORDER BY 1 DESC
LIMIT 500
