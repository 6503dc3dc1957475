INSERT INTO web.session (token_hash, account, expires_at)
VALUES (%(token_hash)s, %(account)s, clock_timestamp() + make_interval(secs => %(lifetime_s)s))
