SELECT m.id, m.sha256, m.content
  FROM analysis.model AS m
 WHERE m.kind = 'results' AND m.state = 'active' AND m.id <> ALL (%s::bigint[])
   AND NOT EXISTS (SELECT FROM analysis.control_limit AS l WHERE l.model = m.id AND l.active)
 ORDER BY m.id
