WITH inserted AS (
    INSERT INTO {table} ({columns}, batch)
    SELECT {columns}, batch FROM stage WHERE rank = %(rank)s
    ON CONFLICT ({key}) DO NOTHING
    RETURNING {key}
)
UPDATE stage AS s SET changed = true FROM inserted AS t WHERE s.rank = %(rank)s AND {same_key}
