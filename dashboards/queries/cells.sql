SELECT sum(cells_per_s) AS "cells/s"
FROM dash.station_health
WHERE line IN (${line:sqlstring}) AND station = (
    SELECT s.station
    FROM dash.station AS s
    JOIN dash.signal AS g ON g.station = s.station AND g.kind = 'cell'
    ORDER BY s.ordinal
    LIMIT 1
)
