INSERT INTO ledger.statement (who, year, rules_sha256, unverified, factor, kwh, credit_usd, keep_until)
VALUES (%(who)s, %(year)s, %(rules_sha256)s, %(unverified)s, %(factor)s, %(kwh)s, %(credit_usd)s, %(keep_until)s)
RETURNING id
