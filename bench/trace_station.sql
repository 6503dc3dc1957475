INSERT INTO {table} (time, cell, equipment, position, verdict, batch)
SELECT time + interval '1 second' * {delay_s}, cell,
       names[n / {positions} % cardinality(names) + 1], n % {positions} + 1,
       CASE WHEN n % 50 = 0 THEN 'fail' ELSE 'pass' END, batch
  FROM made, (SELECT array_agg(name ORDER BY name) AS names FROM plant.equipment
               WHERE station = {station} AND line = 'l1') AS machine
