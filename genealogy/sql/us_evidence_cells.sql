SELECT cell, product, energy_wh, counted_wh, is_sold, on_date, customer, invoice, equipment, position,
       tested_at, calibration, coalesce(reason, 'eligible') AS reason
  FROM us_cell ORDER BY cell
