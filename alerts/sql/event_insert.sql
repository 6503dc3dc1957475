INSERT INTO alert.event (alert, who, what, why, detail)
VALUES (%(alert)s, %(who)s, %(what)s, %(why)s, %(detail)s)
RETURNING id, at
