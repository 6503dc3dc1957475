-- Cells of a time of which something was measured, as they are judged now: when, and whether they have
-- a fault of their own by one of some measures, or by another one.
SELECT cell, time,
       disposition IN ('hold', 'scrap') AND fault_class IN ('product', 'process')
       AND NOT reasons @? '$[*] ? (@.kind == "lot")'
       AND EXISTS (
           SELECT
             FROM jsonb_array_elements(reasons) AS r (reason)
            WHERE reason ->> 'kind' IN ('spec', 'outlier')
              AND (reason ->> 'measure' = ANY (%(measures)s)) = %(among)s)
  FROM analysis.cell_quality
 WHERE line = %(line)s AND time BETWEEN %(from_time)s AND %(to_time)s AND scores ?| %(measured)s
 ORDER BY time, cell
