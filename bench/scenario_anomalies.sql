-- Alarms with their suspects: those of the moment of the alarm, and those that hold now.
WITH ranked AS (
    SELECT anomaly, version, rank, factor, value, sentence, true AS is_last FROM analysis.suspect
    UNION ALL
    SELECT anomaly, version, rank, factor, value, sentence, false FROM analysis.suspect_past
)
SELECT a.equipment, a.position, a.characteristic, a.direction, a.since, a.time, a.event,
       coalesce(array_agg(r.value ORDER BY r.rank) FILTER (WHERE r.version = 1), '{}'),
       coalesce(array_agg(r.factor ORDER BY r.rank) FILTER (WHERE r.version = 1), '{}'),
       coalesce(min(r.sentence) FILTER (WHERE r.version = 1 AND r.rank = 1), ''),
       coalesce(array_agg(r.value ORDER BY r.rank) FILTER (WHERE r.is_last), '{}'),
       coalesce(array_agg(r.factor ORDER BY r.rank) FILTER (WHERE r.is_last), '{}'),
       coalesce(min(r.sentence) FILTER (WHERE r.is_last AND r.rank = 1), '')
  FROM analysis.anomaly AS a
  LEFT JOIN ranked AS r ON r.anomaly = a.id
 WHERE a.state = 'on' AND a.time >= %(begin)s
 GROUP BY a.id
 ORDER BY a.time, a.id
