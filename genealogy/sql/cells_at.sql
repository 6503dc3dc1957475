SELECT DISTINCT cell FROM {table}
WHERE equipment = %(equipment)s
  AND (%(position)s::int IS NULL OR position = %(position)s)
  AND time >= coalesce(%(since)s::timestamptz, '-infinity') AND time < coalesce(%(until)s::timestamptz, 'infinity')
