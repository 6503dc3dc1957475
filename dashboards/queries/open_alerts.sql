SELECT count(*) AS "open alerts"
FROM dash.alert
WHERE is_open AND line IN (${line:sqlstring})
