SELECT id, received_at, topic, reason, detail, length(payload), handed_back_at
  FROM ingest.dead_letter
 WHERE discarded_at IS NULL
   AND (%(ids)s::bigint[] IS NULL OR id = ANY(%(ids)s))
   AND (%(reason)s::text IS NULL OR reason = %(reason)s)
   AND (%(topic)s::text IS NULL OR topic ~ %(topic)s)
   AND (%(since)s::timestamptz IS NULL OR received_at >= %(since)s)
   AND (%(until)s::timestamptz IS NULL OR received_at < %(until)s)
 ORDER BY id DESC
 LIMIT %(limit)s
