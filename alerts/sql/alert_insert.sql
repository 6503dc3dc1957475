INSERT INTO alert.alert (state, severity, line, station, equipment, position, characteristic,
                         direction, title, since, details)
VALUES (%(state)s, %(severity)s, %(line)s, %(station)s, %(equipment)s, %(position)s,
        %(characteristic)s, %(direction)s, %(title)s, %(since)s, %(details)s)
RETURNING id, opened_at
