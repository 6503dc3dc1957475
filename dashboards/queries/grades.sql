SELECT coalesce(grade, 'reject') AS "grade", count(*) AS "cells"
FROM dash.cell_quality
WHERE $__timeFilter(time)
  AND line IN (${line:sqlstring})
  AND (grade IS NOT NULL OR disposition = 'scrap')
GROUP BY 1
ORDER BY 1
