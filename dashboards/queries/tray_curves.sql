SELECT
    $__timeGroupAlias(time, $__interval),
    min(voltage) AS "lowest channel",
    avg(voltage) AS "mean",
    max(voltage) AS "highest channel"
FROM dash.formation_position
WHERE $__timeFilter(time)
  AND equipment IN (${tray:sqlstring})
  -- One moment a bucket is enough for a picture, and unpacks one array instead of hundreds.
  AND extract(epoch FROM time)::bigint % greatest(600, $__interval_ms / 1000) < 10
GROUP BY 1
ORDER BY 1
