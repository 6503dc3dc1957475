-- Cells that failed at a station, with what was measured of them.
SELECT cell, equipment, time, recipe, {results}
  FROM {table}
 WHERE verdict = 'fail' AND time >= %(since)s AND time < %(until)s
 ORDER BY cell, time
