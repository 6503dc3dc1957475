SELECT time, cell, grade, disposition, fault_class AS "fault", reasons
FROM dash.cell_quality
WHERE $__timeFilter(time)
  AND line IN (${line:sqlstring})
  AND (disposition <> 'pass' OR fault_class <> 'none')
ORDER BY time DESC
LIMIT 50
