-- An "off" is of the event of its "on". An "on" is of the event of an alarm of its machine that
-- still lasts, or the first of its own.
WITH lasting AS (
    SELECT a.characteristic, a.position, a.direction, a.event
      FROM analysis.anomaly AS a
     WHERE a.line = %(line)s AND a.equipment = %(equipment)s AND a.state = 'on'
       AND NOT EXISTS (
           SELECT FROM analysis.anomaly AS b
            WHERE b.line = a.line AND b.equipment = a.equipment AND b.state = 'off' AND b.id > a.id
              AND b.position IS NOT DISTINCT FROM a.position
              AND b.characteristic = a.characteristic AND b.direction = a.direction)
), joined AS (
    SELECT min(event) AS event
      FROM lasting
     WHERE (characteristic = %(characteristic)s AND position IS NOT DISTINCT FROM %(position)s
            AND direction = %(direction)s)
        OR (%(state)s = 'on' AND NOT %(alone)s AND characteristic NOT LIKE '%%:%%')
), drawn AS (
    SELECT nextval(pg_get_serial_sequence('analysis.anomaly', 'id')) AS id
)
INSERT INTO analysis.anomaly
    (id, state, line, station, equipment, position, characteristic, direction, since, time,
     statistic, limit_value, value, expected, sd, unit, samples, last_points, model, recipe,
     contributions, event)
OVERRIDING SYSTEM VALUE
SELECT drawn.id, %(state)s, %(line)s, %(station)s, %(equipment)s, %(position)s,
       %(characteristic)s, %(direction)s, %(since)s, %(time)s, %(statistic)s, %(limit)s, %(value)s,
       %(expected)s, %(sd)s, %(unit)s, %(samples)s, %(last_points)s, %(model)s, %(recipe)s,
       %(contributions)s, coalesce(joined.event, drawn.id)
  FROM drawn, joined
RETURNING id
