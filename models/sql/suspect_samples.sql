SELECT moment.number, sample.*
  FROM unnest(%(times)s::timestamptz[]) WITH ORDINALITY AS moment (at, number)
 CROSS JOIN LATERAL (
       SELECT {values}
         FROM {table}
        WHERE equipment = %(machine)s AND time >= moment.at AND time < moment.at + INTERVAL '1 minute'
        ORDER BY time
        LIMIT 1) AS sample
 ORDER BY moment.number
