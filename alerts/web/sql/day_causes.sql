-- How often each cause called on one day, and whether it did so three times within a minute.
SELECT line, station, equipment, position, characteristic, direction,
       count(*) AS alarms,
       coalesce(bool_or(at - second_before <= interval '60 seconds'), false) AS chatters,
       max(at) AS last_at
  FROM (SELECT *,
               lag(at, 2) OVER (
                   PARTITION BY equipment, characteristic, position, direction, line, station
                   ORDER BY at) AS second_before
          FROM (SELECT line, station, equipment, position, characteristic, direction,
                       opened_at AS at
                  FROM alert.alert
                 WHERE opened_at >= %(begin)s AND opened_at < %(end)s
                 UNION ALL
                SELECT alert.line, alert.station, alert.equipment, alert.position,
                       alert.characteristic, alert.direction, event.at
                  FROM alert.event
                  JOIN alert.alert ON alert.id = event.alert
                 WHERE event.what = 'reopened'
                   AND event.at >= %(begin)s AND event.at < %(end)s) AS called) AS called
 GROUP BY equipment, characteristic, position, direction, line, station
