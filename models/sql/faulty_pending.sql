-- Cells up to a time that may not be counted: those after the place, and older ones that came late.
-- With what was measured of them, the stations that are counted, the measures by which they have a
-- fault of their own, and whether they share an alarm or the shift of a tray. OFFSET 0: late ones are
-- found by when they were written, not by going through all that is older.
WITH pending AS (
    SELECT cell
      FROM analysis.cell_quality
     WHERE line = %(line)s AND time > %(place)s AND time <= %(settled)s AND counted IS NOT NULL
       AND scores ?| %(measures)s
    UNION ALL
    SELECT cell
      FROM (SELECT * FROM analysis.cell_quality WHERE xid >= %(place_xid)s::xid8 OFFSET 0) AS written
     WHERE line = %(line)s AND time <= %(place)s AND counted IS NOT NULL AND scores ?| %(measures)s
)
SELECT q.cell, (extract(epoch FROM q.time) * 1000000)::bigint,
       ARRAY(SELECT jsonb_object_keys(q.scores)), q.counted,
       CASE WHEN q.disposition IN ('hold', 'scrap') AND q.fault_class IN ('product', 'process')
            THEN jsonb_path_query_array(
                q.reasons, '$[*] ? (@.kind == "spec" || @.kind == "outlier").measure')
            ELSE '[]' END,
       q.reasons @? '$[*] ? (@.kind == "lot")'
  FROM pending JOIN analysis.cell_quality AS q USING (cell)
 WHERE (q.time, q.cell) > (%(after_time)s, %(after_cell)s)
 ORDER BY q.time, q.cell
 LIMIT %(most)s
