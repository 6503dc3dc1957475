-- The cells of a year, one row each: those sold in it, and those tested in it that nobody bought.
-- The first thing that speaks against a cell is its reason; without one it is eligible as far as a
-- single cell can be. Energy is exact decimal from here on.
CREATE TEMPORARY TABLE us_cell ON COMMIT DROP AS
WITH product AS (
    SELECT *
      FROM unnest(%(products)s::text[], %(rated_wh)s::numeric[], %(standards)s::text[],
                  %(volumes)s::numeric[], %(powers)s::numeric[])
           AS p (product, rated_wh, test_standard, volume_l, discharge_w)
), sale AS (
    SELECT * FROM ledger.disposition_now
), tested AS (
    SELECT DISTINCT ON (e.cell)
           e.cell, e.time, e.equipment, e.position, e.verdict,
           coalesce(e.recipe, %(first_product)s) AS product,
           round(e.energy::numeric, 4) AS energy_wh
      FROM cell.end_of_line e
     WHERE e.time >= %(from_time)s AND e.time < %(to_time)s
        OR e.cell IN (SELECT s.cell FROM sale s
                       WHERE s.what = 'sold' AND s.on_date >= %(from_date)s
                         AND s.on_date < %(to_date)s)
     ORDER BY e.cell, e.time DESC
), cells AS (
    SELECT coalesce(t.cell, s.cell) AS cell, t.product, t.energy_wh, t.verdict, t.equipment,
           t.position, t.time AS tested_at, s.what, s.on_date, s.customer, s.customer_class,
           s.invoice, coalesce(s.what = 'sold', false) AS is_sold
      FROM tested t FULL JOIN sale s USING (cell)
     -- Of another year's sale nothing is said here.
     WHERE s.what IS DISTINCT FROM 'sold'
           AND t.time >= %(from_time)s AND t.time < %(to_time)s
        OR s.what = 'sold' AND s.on_date >= %(from_date)s AND s.on_date < %(to_date)s
)
SELECT c.cell, c.product, p.rated_wh, c.energy_wh, p.test_standard,
       least(c.energy_wh, %(max_kwh_per_kw)s::numeric * p.discharge_w) AS counted_wh,
       q.grade, coalesce(c.what, 'stock') AS disposition, c.is_sold, c.on_date,
       date_trunc('month', c.on_date)::date AS month, c.customer, c.customer_class, c.invoice,
       c.equipment, c.position, c.tested_at, k.certificate AS calibration,
       CASE
           WHEN c.what IS NULL OR c.what = 'stock' THEN 'in stock'
           WHEN NOT c.is_sold THEN c.what
           WHEN c.customer_class = 'related' THEN 'sold to a related person'
           WHEN c.energy_wh IS NULL THEN 'no measured energy'
           WHEN p.product IS NULL THEN 'product without a rated plate'
           WHEN c.verdict = 'fail' THEN 'failed the end-of-line test'
           WHEN k.certificate IS NULL THEN 'channel without a valid calibration'
           WHEN c.energy_wh <= %(min_energy_wh)s THEN 'energy not above the least'
           WHEN c.energy_wh / p.volume_l < %(min_density_wh_per_l)s THEN 'energy density too low'
       END AS reason
  FROM cells c
       LEFT JOIN product p USING (product)
       LEFT JOIN analysis.cell_quality q USING (cell)
       LEFT JOIN LATERAL (
           SELECT certificate FROM ledger.calibration k
            WHERE k.equipment = c.equipment AND (k.position IS NULL OR k.position = c.position)
              AND k.valid_from <= (c.tested_at AT TIME ZONE 'UTC')::date
              AND k.valid_until > (c.tested_at AT TIME ZONE 'UTC')::date
            ORDER BY k.id DESC LIMIT 1
       ) k ON true
