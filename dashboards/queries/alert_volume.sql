SELECT
    d.day AS "time",
    count(a.id)::double precision AS "alerts",
    (SELECT sum(false_alarms_per_day) FROM dash.line WHERE line IN (${line:sqlstring})) AS "budget of false ones"
FROM generate_series(
    time_bucket(INTERVAL '1 day', $__timeFrom()::timestamptz), $__timeTo()::timestamptz, INTERVAL '1 day'
) AS d (day)
LEFT JOIN dash.alert AS a
    ON a.opened_at >= d.day AND a.opened_at < d.day + INTERVAL '1 day' AND a.line IN (${line:sqlstring})
GROUP BY 1
ORDER BY 1
