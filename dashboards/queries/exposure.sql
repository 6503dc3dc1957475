WITH wet AS (
    SELECT DISTINCT d.time, d.line
    FROM dash.sample_1h AS d
    JOIN dash.equipment AS e ON e.equipment = d.equipment
    JOIN dash.signal AS g
        ON g.station = d.station AND g.equipment_group = e.equipment_group AND g.characteristic = d.characteristic
    WHERE d.station = 'dry_room'
      AND d.characteristic = 'dew_point'
      AND d.line IN (${line:sqlstring})
      AND d.equipment IN (${equipment:sqlstring})
      AND $__timeFilter(d.time)
      AND d.max > g.high
)
SELECT
    time_bucket(make_interval(secs => $__interval_ms / 1000.0), o.time) AS "time",
    sum(CASE WHEN wet.time IS NULL THEN 0 ELSE o.cells END)::double precision AS "cells"
FROM dash.output_1h AS o
LEFT JOIN wet ON wet.time = o.time AND wet.line = o.line
WHERE $__timeFilter(o.time)
  AND o.line IN (${line:sqlstring})
  AND o.station = '{pacemaker}'
GROUP BY 1
ORDER BY 1
