-- Cells that each station saw since the shift began, and those that failed there.
SELECT line, station, sum(cells)::bigint AS cells, sum(failed)::bigint AS failed
  FROM dash.output_1m
 WHERE time >= %(since)s
 GROUP BY line, station
