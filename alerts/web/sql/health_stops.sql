-- For how long machines have stood in this shift, and why; a machine that waits for cells from
-- another one is not the reason. Stations are those of health_states.
SELECT line, station, coalesce(reason, lower(state)) AS reason,
       sum(extract(epoch FROM least(ended_at, now()) - greatest(time, %(since)s)))
           ::double precision AS seconds
  FROM dash.state
 WHERE time > %(since)s - INTERVAL '1 day' AND time <= now() AND ended_at > %(since)s
   AND station IN (SELECT station FROM plant.equipment GROUP BY station HAVING count(*) <= 1000)
   AND class = 'stopped' AND state NOT IN ('Suspended', 'Suspending', 'Unsuspending')
 GROUP BY 1, 2, 3
 ORDER BY seconds DESC
