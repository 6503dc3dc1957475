SELECT id, event, line, station, equipment, position, characteristic, since, time, value, expected, sd,
       unit, recipe, contributions
  FROM analysis.anomaly
 WHERE id = ANY (%(anomalies)s) AND state = 'on'
 ORDER BY id
