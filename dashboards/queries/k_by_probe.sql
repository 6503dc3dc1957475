        SELECT concat_ws(' · ', k.equipment, k.position) AS place, k.k_value AS k
        FROM dash.k_value AS k
        WHERE $__timeTo()::timestamptz - $__timeFrom()::timestamptz < INTERVAL '12 hours'
          AND $__timeFilter(k.time)
          AND k.line IN (${line:sqlstring})
          AND k.k_value IS NOT NULL
