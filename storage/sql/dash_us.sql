-- The US production ledger as last recorded, and what is in its books now. A statement is one run of
-- `jellyroll ledger --record`; `is_latest` is the last one of its year.

CREATE OR REPLACE VIEW dash.recipe AS
SELECT name AS recipe, title, ordinal::bigint AS ordinal
FROM plant.recipe;

CREATE OR REPLACE VIEW dash.us_statement AS
SELECT
    s.id,
    s.recorded_at AS time,
    s.year::bigint AS year,
    s.kwh::double precision AS kwh,
    s.credit_usd::double precision AS credit_usd,
    s.factor::double precision AS factor,
    s.unverified::bigint AS unverified,
    s.id = max(s.id) OVER (PARTITION BY s.year) AS is_latest
FROM ledger.statement AS s;

-- What is eligible of each product.
CREATE OR REPLACE VIEW dash.us_product AS
SELECT
    s.id AS statement, s.time, s.year, s.is_latest,
    p.product,
    coalesce(r.title, p.product) AS title,
    p.cells,
    p.kwh::double precision AS kwh,
    p.credit_usd::double precision AS credit_usd
FROM ledger.statement_product AS p
JOIN dash.us_statement AS s ON s.id = p.statement
LEFT JOIN plant.recipe AS r ON r.name = p.product;

CREATE OR REPLACE VIEW dash.us_excluded AS
SELECT
    s.id AS statement, s.time, s.year, s.is_latest,
    e.product, e.reason, e.cells, e.kwh::double precision AS kwh
FROM ledger.statement_excluded AS e
JOIN dash.us_statement AS s ON s.id = e.statement;

-- The material behind the sales of a month; `reason` says why they are excluded, if they are.
CREATE OR REPLACE VIEW dash.us_month AS
SELECT
    s.id AS statement, s.time, s.year, s.is_latest,
    m.product,
    m.month::timestamp AT TIME ZONE 'UTC' AS month,
    m.cells,
    m.kwh::double precision AS kwh,
    m.cost_usd,
    m.ratio,
    m.threshold::double precision AS threshold,
    m.domestic_ratio,
    m.reason
FROM ledger.statement_month AS m
JOIN dash.us_statement AS s ON s.id = m.statement;

-- What of each lot is in a month's sales. Costs are NULL of a lot that the ledger does not know.
CREATE OR REPLACE VIEW dash.us_lot AS
SELECT
    s.id AS statement, s.time, s.year, s.is_latest,
    u.product,
    u.month::timestamp AT TIME ZONE 'UTC' AS month,
    u.lot,
    u.material,
    l.supplier,
    l.country,
    u.amount,
    u.unit,
    u.cost_usd,
    u.clean_usd,
    u.domestic_usd,
    u.problem,
    u.blocked_kwh::double precision AS blocked_kwh
FROM ledger.statement_lot AS u
JOIN dash.us_statement AS s ON s.id = u.statement
LEFT JOIN ledger.lot_now AS l ON l.lot = u.lot;

-- Certificates of suppliers, as the books have them now.
CREATE OR REPLACE VIEW dash.us_certificate AS
SELECT
    l.lot,
    l.material,
    l.supplier,
    l.country,
    l.certificate,
    l.certificate_until::timestamp AT TIME ZONE 'UTC' AS expires,
    (l.certificate_until - current_date)::bigint AS days_left
FROM ledger.lot_now AS l
WHERE l.certificate_until IS NOT NULL;

-- Cells that failed in the year of a statement, by where and why they failed first.
CREATE OR REPLACE VIEW dash.us_failed AS
SELECT
    s.id AS statement, s.time, s.year, s.is_latest,
    f.product, f.station, f.result, f.cells, f.recycled, f.cost_usd
FROM ledger.statement_failed AS f
JOIN dash.us_statement AS s ON s.id = f.statement;

-- The material in them. `kg` is NULL where the plant file does not say what a unit weighs.
CREATE OR REPLACE VIEW dash.us_scrap AS
SELECT
    s.id AS statement, s.time, s.year, s.is_latest,
    c.product, c.station, c.result, c.material, c.amount, c.recycled, c.unit,
    c.kg, c.recycled_kg, c.cost_usd, c.recycled_usd
FROM ledger.statement_scrap AS c
JOIN dash.us_statement AS s ON s.id = c.statement;
