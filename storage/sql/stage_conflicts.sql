-- Rows of the table that are about to lose a value. The update changes nothing but holds them until
-- it is done; FOR UPDATE would do the same, if compressed chunks did not refuse it.
UPDATE {table} AS t
   SET batch = t.batch
  FROM stage AS s
 WHERE {same_key} AND {span} AND s.rank = %(rank)s AND NOT s.changed AND ({conflicts})
RETURNING t.equipment, to_jsonb(t) - 'batch'
