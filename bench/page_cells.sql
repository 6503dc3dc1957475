INSERT INTO {table} (time, cell, equipment, position, verdict)
SELECT now() - n * interval '1 second' / {cells_per_s}, 'B' || n, machine.names[n % cardinality(names) + 1],
       n % 8 + 1, CASE WHEN n % 50 = 0 THEN 'fail' ELSE 'pass' END
  FROM generate_series(0, ({cells_per_s} * 8 * 3600)::integer) AS n,
       (SELECT array_agg(name) AS names FROM plant.equipment
         WHERE station = {station} AND line = {line}) AS machine
ON CONFLICT DO NOTHING
