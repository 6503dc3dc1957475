-- Of what is due for an alert only the given routes stay.
WITH gone AS (
    DELETE FROM alert.escalation
     WHERE alert = %(alert)s AND route <> ALL (%(routes)s::text[]))
SELECT route
  FROM alert.escalation
 WHERE alert = %(alert)s AND route = ANY (%(routes)s::text[])
