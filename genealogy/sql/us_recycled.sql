SELECT cell FROM ledger.disposition_now WHERE what = 'recycled' AND cell = ANY (%(cells)s)
