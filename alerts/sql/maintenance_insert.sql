INSERT INTO alert.maintenance (line, station, equipment, from_time, to_time)
VALUES (%(line)s, %(station)s, %(equipment)s, %(from_time)s, %(to_time)s)
RETURNING id
