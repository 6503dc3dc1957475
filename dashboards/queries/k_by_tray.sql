        SELECT f.equipment AS place, k.k_value AS k
        FROM dash.k_value AS k
        JOIN dash.cell_formation AS f ON f.cell = k.cell
        WHERE $__timeTo()::timestamptz - $__timeFrom()::timestamptz < INTERVAL '12 hours'
          AND $__timeFilter(k.time)
          AND k.line IN (${line:sqlstring})
          AND k.k_value IS NOT NULL
          -- A cell is aged for at most so long after its formation.
          AND f.time > $__timeFrom()::timestamptz - INTERVAL '30 days'
          AND f.time < $__timeTo()
