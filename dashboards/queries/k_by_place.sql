SELECT
    concat_ws(' · ', k.equipment, k.position) AS "probe",
    count(*) AS "cells",
    avg(k.k_value) AS "mean K",
    stddev_samp(k.k_value) AS "sd",
    max(k.k_value) AS "highest"
FROM dash.k_value AS k
WHERE $__timeFilter(k.time) AND k.line IN (${line:sqlstring})
GROUP BY 1
ORDER BY avg(k.k_value) DESC NULLS LAST
LIMIT 20
