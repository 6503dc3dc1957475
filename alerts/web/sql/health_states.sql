-- What each machine last said that it does, and since when. Machines repeat their state each shift,
-- so it began at the first row after the last one that says something else. Stations of more than a
-- thousand machines are left out: those are places of trays, which do not stand.
SELECT e.line, e.station, e.name AS equipment, now_in.state, began.time AS since,
       coalesce(now_in.reason, '') AS reason
  FROM plant.equipment AS e
  JOIN (SELECT station
          FROM plant.equipment
         GROUP BY station
        HAVING count(*) <= 1000) AS few ON few.station = e.station
 CROSS JOIN LATERAL (
       SELECT s.time, s.state, s.reason
         FROM machine.state AS s
        WHERE s.equipment = e.name AND s.time > now() - INTERVAL '30 days'
          AND s.time <= now() + INTERVAL '1 minute'
        ORDER BY s.time DESC
        LIMIT 1) AS now_in
  LEFT JOIN LATERAL (
       SELECT s.time
         FROM machine.state AS s
        WHERE s.equipment = e.name AND s.time > now() - INTERVAL '30 days'
          AND s.time < now_in.time AND s.state <> now_in.state
        ORDER BY s.time DESC
        LIMIT 1) AS other ON true
 CROSS JOIN LATERAL (
       SELECT s.time
         FROM machine.state AS s
        WHERE s.equipment = e.name AND s.time <= now_in.time
          AND s.time > coalesce(other.time, now() - INTERVAL '30 days')
        ORDER BY s.time
        LIMIT 1) AS began
 ORDER BY e.line, e.station, e.name
