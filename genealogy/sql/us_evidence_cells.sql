SELECT cell, product, rated_wh, energy_wh, test_standard, counted_wh, grade, disposition, on_date, customer,
       customer_class, invoice, equipment, position, tested_at, calibration,
       coalesce(reason, 'eligible') AS reason
  FROM us_cell ORDER BY cell
