SELECT follower, behind AS "commits behind", lag_s AS "lag", updated_at AS "moved on"
FROM dash.follower
ORDER BY lag_s DESC NULLS LAST
LIMIT 50
