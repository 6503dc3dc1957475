INSERT INTO web.token (name, role, token_hash, expires_at)
VALUES (%(name)s, %(role)s, %(token_hash)s, clock_timestamp() + make_interval(days => %(days)s))
ON CONFLICT (name) DO NOTHING
RETURNING expires_at
