DELETE FROM alert.escalation
 WHERE alert = %(alert)s AND route = %(route)s AND due_at <= clock_timestamp()
RETURNING step, began_at
