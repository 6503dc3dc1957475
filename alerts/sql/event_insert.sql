INSERT INTO alert.event (alert, maintenance, who, what, why, detail)
VALUES (%(alert)s, %(maintenance)s, %(who)s, %(what)s, %(why)s, %(detail)s)
RETURNING id, at
