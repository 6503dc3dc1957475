SELECT id, received_at, topic, reason, detail, length(payload), handed_back_at
  FROM ingest.dead_letter
 WHERE (%(reason)s::text IS NULL OR reason = %(reason)s)
   AND (%(ids)s::bigint[] IS NULL OR id = ANY(%(ids)s))
 ORDER BY id DESC
 LIMIT %(limit)s
