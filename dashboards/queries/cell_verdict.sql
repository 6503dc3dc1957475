SELECT
    coalesce(q.disposition, 'not judged') AS "disposition",
    coalesce(q.grade, 'no grade yet') AS "grade",
    coalesce(q.fault_class, 'none') AS "fault",
    coalesce(h.reason, 'not on hold') AS "hold",
    q.reasons
FROM (VALUES (1)) AS one (row)
LEFT JOIN dash.cell_quality AS q ON q.cell IN (${cell:sqlstring})
LEFT JOIN dash.hold AS h ON h.cell IN (${cell:sqlstring})
