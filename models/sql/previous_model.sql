-- The newest older version of the same subject that has been active.
SELECT m.id
  FROM analysis.model AS now
  JOIN analysis.model AS m
    ON (m.line, m.station, m.equipment_group, m.recipe, m.kind)
     = (now.line, now.station, now.equipment_group, now.recipe, now.kind)
 WHERE now.id = %(model)s AND m.version < now.version
   AND EXISTS (SELECT FROM analysis.model_event AS e WHERE e.model = m.id AND e.what = 'promoted')
 ORDER BY m.version DESC
 LIMIT 1
