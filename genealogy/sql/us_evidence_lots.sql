SELECT id, recorded_at, who, encode(file_sha256, 'hex') AS file_sha256, lot, material, supplier, country,
       is_prohibited, certificate, certificate_until, amount, unit, usd_per_unit, received_on
  FROM ledger.lot_now ORDER BY lot
