SELECT
    line,
    title AS station,
    health,
    data_age_s AS "data age",
    values_per_s AS "values/s",
    cells_per_s AS "cells/s",
    open_alerts AS "alerts"
FROM dash.station_health
WHERE line IN (${line:sqlstring})
ORDER BY line, ordinal
