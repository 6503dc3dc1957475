SELECT now() AS "time", follower AS metric, coalesce(lag_s, 0) AS value
FROM dash.follower
ORDER BY 1
