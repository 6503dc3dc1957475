SELECT endpoint, pending, delivered, failed, p99_s AS "99 % within", last_delivered_at AS "last delivered"
FROM dash.alert_endpoint
ORDER BY failed DESC, endpoint
LIMIT 50
