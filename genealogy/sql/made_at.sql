SELECT DISTINCT child FROM material.genealogy
WHERE equipment = %(equipment)s
  AND time >= coalesce(%(since)s::timestamptz, '-infinity') AND time < coalesce(%(until)s::timestamptz, 'infinity')
