SELECT id, line, station, equipment_group, recipe, kind, version, detector, state, created_at,
       from_time, to_time, rows, signals, metrics, libraries, sha256, length(content) AS bytes
  FROM analysis.model