SELECT account.name, account.role
  FROM web.session
  JOIN web.account ON account.name = session.account
 WHERE session.token_hash = %(token_hash)s
   AND session.expires_at > clock_timestamp()
   AND account.disabled_at IS NULL
