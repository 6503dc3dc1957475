-- Rows of the table that are about to lose a value; FOR UPDATE holds them until it is done.
SELECT t.equipment, to_jsonb(t) - 'batch'
  FROM {table} AS t
  JOIN stage AS s ON {same_key}
 WHERE {span} AND s.rank = %(rank)s AND NOT s.changed AND ({conflicts})
   FOR UPDATE OF t
