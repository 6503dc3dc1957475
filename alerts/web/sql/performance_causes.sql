-- How often each cause called, and whether it ever did so three times within a minute.
SELECT line, station, equipment, position, characteristic, direction,
       count(*) AS alarms,
       coalesce(bool_or(at - second_before <= interval '60 seconds'), false) AS chatters,
       max(at) AS last_at
  FROM (SELECT alert.line, alert.station, alert.equipment, alert.position,
               alert.characteristic, alert.direction, event.at,
               lag(event.at, 2) OVER (
                   PARTITION BY alert.line, alert.equipment, alert.position,
                                alert.characteristic, alert.direction
                   ORDER BY event.at) AS second_before
          FROM alert.event
          JOIN alert.alert ON alert.id = event.alert
         WHERE event.what IN ('opened', 'reopened') AND event.at >= %(since)s
           AND (%(line)s::text IS NULL OR alert.line = %(line)s)) AS called
 GROUP BY line, station, equipment, position, characteristic, direction
 ORDER BY alarms DESC, last_at DESC
