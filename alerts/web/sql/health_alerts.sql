SELECT line, station,
       count(*) FILTER (WHERE suppressed IS NULL) AS alerts,
       count(*) FILTER (WHERE suppressed IS NULL AND state IN ('unacknowledged', 'returned'))
           AS unacknowledged,
       count(*) FILTER (WHERE suppressed IS NOT NULL) AS suppressed,
       max(CASE severity WHEN 'high' THEN 2 WHEN 'medium' THEN 1 ELSE 0 END)
           FILTER (WHERE suppressed IS NULL) AS worst,
       min(opened_at) FILTER (WHERE suppressed IS NULL) AS oldest,
       coalesce(array_agg(DISTINCT coalesce(assignee, acknowledged_by))
           FILTER (WHERE suppressed IS NULL AND state = 'acknowledged'), '{}') AS people
  FROM alert.alert
 WHERE closed_at IS NULL
 GROUP BY line, station
