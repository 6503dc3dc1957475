SELECT lot, material, supplier, country, is_prohibited, certificate, certificate_until, amount, unit,
       usd_per_unit, received_on
  FROM ledger.lot_now
