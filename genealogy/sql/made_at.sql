-- What a machine of rolls made, or had mounted, in a piece of time.
SELECT child FROM material.genealogy
 WHERE equipment = %(equipment)s
   AND time >= coalesce(%(since)s::timestamptz, '-infinity')
   AND time < coalesce(%(until)s::timestamptz, 'infinity')
UNION
SELECT thing FROM material.mounted
 WHERE equipment = %(equipment)s
   AND during && tstzrange(%(since)s::timestamptz, %(until)s::timestamptz)
