WITH written AS (
    UPDATE {table} AS t
       SET {assignments}, batch = %(batch)s
      FROM stage AS s
     WHERE {same_key} AND {span} AND s.rank = %(rank)s AND NOT s.changed AND ({fills} OR {conflicts})
    RETURNING s.row
)
UPDATE stage SET changed = true FROM written WHERE written.row = stage.row
