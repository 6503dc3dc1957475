-- Samples of some machines in some times, machine by machine through the key.
SELECT string_agg(int8send(w.number) || timestamptz_send(r.time) || float8send(r.value), ''::bytea)
  FROM unnest(%(number)s::bigint[], %(machine)s::text[], %(lane)s::int[],
              %(from_time)s::timestamptz[], %(to_time)s::timestamptz[])
       AS w (number, machine, lane, from_time, to_time)
 CROSS JOIN LATERAL (
       SELECT t.time, ({values})::double precision / {count} AS value
         FROM {table} AS t
        WHERE t.equipment = w.machine AND t.time BETWEEN w.from_time AND w.to_time
       OFFSET 0) AS r
 WHERE r.value IS NOT NULL AND r.value <> 'NaN'
