-- From the onset of each alarm to its end, or to now for one that lasts.
SELECT a.equipment, a.position, a.characteristic, a.since,
       coalesce((SELECT min(b.time) FROM analysis.anomaly AS b
                  WHERE b.state = 'off' AND b.id > a.id AND b.equipment = a.equipment
                    AND b.position IS NOT DISTINCT FROM a.position
                    AND b.characteristic = a.characteristic AND b.direction = a.direction),
                now() + INTERVAL '100 years') AS until
  FROM analysis.anomaly AS a
 WHERE a.state = 'on' AND a.equipment = ANY (%(machines)s)
