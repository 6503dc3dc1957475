SELECT
    count(*) FILTER (WHERE resolution = 'true_alarm') AS "confirmed",
    count(*) FILTER (WHERE resolution = 'false_alarm') AS "false",
    count(*) FILTER (WHERE resolution IS NULL) AS "not judged"
FROM dash.alert
WHERE $__timeFilter(opened_at) AND line IN (${line:sqlstring})
