SELECT (SELECT count(*) FROM web.failed_sign_in
         WHERE account = %(account)s AND at > clock_timestamp() - make_interval(secs => %(window_s)s)),
       (SELECT count(*) FROM web.failed_sign_in
         WHERE address = %(address)s AND at > clock_timestamp() - make_interval(secs => %(window_s)s))
