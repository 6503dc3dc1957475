SELECT string_agg(
           int8send(hashtextextended(child, 0)) || int8send(hashtextextended(parent, 0))
           || float8send(coalesce(from_m, 'NaN')), ''::bytea)
  FROM material.genealogy
 WHERE time BETWEEN %(from_time)s AND %(to_time)s AND equipment = ANY (%(machines)s)
