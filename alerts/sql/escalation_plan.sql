INSERT INTO alert.escalation (alert, route, step, began_at, due_at)
VALUES (%(alert)s, %(route)s, %(step)s, %(began_at)s, %(due_at)s)
ON CONFLICT (alert, route) DO UPDATE
   SET step = excluded.step, began_at = excluded.began_at, due_at = excluded.due_at
