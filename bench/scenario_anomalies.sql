SELECT a.equipment, a.position, a.characteristic, a.direction, a.since, a.time, a.event,
       coalesce(array_agg(s.value ORDER BY s.rank) FILTER (WHERE s.rank IS NOT NULL), '{}'),
       coalesce(array_agg(s.factor ORDER BY s.rank) FILTER (WHERE s.rank IS NOT NULL), '{}'),
       coalesce(min(s.sentence) FILTER (WHERE s.rank = 1), '')
  FROM analysis.anomaly AS a
  LEFT JOIN analysis.suspect AS s ON s.anomaly = a.id
 WHERE a.state = 'on' AND a.time >= %(begin)s
 GROUP BY a.id
 ORDER BY a.time, a.id
