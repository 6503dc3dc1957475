-- When things were mounted, and taken off again where that was told.
SELECT thing, equipment, min(time) FILTER (WHERE action IS DISTINCT FROM 'unmount'),
       max(time) FILTER (WHERE action = 'unmount')
  FROM material.mount
 WHERE thing = ANY (%(things)s) AND equipment = ANY (%(machines)s)
   AND time BETWEEN %(from_time)s AND %(to_time)s
 GROUP BY thing, equipment
HAVING count(*) FILTER (WHERE action IS DISTINCT FROM 'unmount') > 0
