-- The first sign-in at a provider binds the account to who it was; later ones must be the same.
UPDATE web.account
   SET issuer = %(issuer)s, subject = %(subject)s
 WHERE name = %(name)s AND disabled_at IS NULL
   AND (issuer IS NULL OR (issuer = %(issuer)s AND subject = %(subject)s))
RETURNING name, role
