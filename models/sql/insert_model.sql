INSERT INTO analysis.model
    (line, station, equipment_group, recipe, kind, version, detector, from_time, to_time, rows,
     signals, expected, metrics, libraries, sha256, content)
SELECT %(line)s, %(station)s, %(equipment_group)s, %(recipe)s, %(kind)s,
       coalesce(max(version), 0) + 1, %(detector)s, %(from_time)s, %(to_time)s, %(rows)s,
       %(signals)s, %(expected)s, %(metrics)s, %(libraries)s, %(sha256)s, %(content)s
  FROM analysis.model
 WHERE (line, station, equipment_group, recipe, kind)
     = (%(line)s, %(station)s, %(equipment_group)s, %(recipe)s, %(kind)s)
RETURNING id
