SELECT m.id, m.line, m.station, m.equipment, m.from_time, m.to_time, m.ended_at, e.who, e.why
  FROM alert.maintenance AS m
  JOIN alert.event AS e ON e.maintenance = m.id AND e.what = 'maintenance_planned'
 WHERE %(over)s OR (m.ended_at IS NULL AND m.to_time > clock_timestamp())
 ORDER BY m.to_time DESC
 LIMIT 200
