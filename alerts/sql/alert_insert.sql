INSERT INTO alert.alert (kind, state, severity, line, station, equipment, position, characteristic,
                         direction, title, since, details, shelved_until,
                         suspect_factor, suspect_value)
VALUES (%(kind)s, %(state)s, %(severity)s, %(line)s, %(station)s, %(equipment)s, %(position)s,
        %(characteristic)s, %(direction)s, %(title)s, %(since)s, %(details)s, (
        -- The cause was shelved, not only the alert that has closed since.
        SELECT max(shelved_until)
          FROM alert.alert
         WHERE line = %(line)s AND station = %(station)s AND equipment = %(equipment)s
           AND coalesce(position, 0) = coalesce(%(position)s::smallint, 0)
           AND characteristic = %(characteristic)s AND direction = %(direction)s
           AND kind = %(kind)s AND shelved_until > clock_timestamp()),
        %(suspect_factor)s, %(suspect_value)s)
RETURNING *
