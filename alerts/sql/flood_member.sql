INSERT INTO alert.flooded (alert, line, station, equipment, position, characteristic, direction,
                           is_on, first_anomaly, last_anomaly)
VALUES (%(alert)s, %(line)s, %(station)s, %(equipment)s, %(position)s, %(characteristic)s,
        %(direction)s, %(is_on)s, %(anomaly)s, %(anomaly)s)
ON CONFLICT (alert, line, station, equipment, position, characteristic, direction) DO UPDATE
   SET is_on = excluded.is_on, last_anomaly = excluded.last_anomaly
