-- A key that stands more than once in the batch is written in the order in which it came.
WITH ranked AS (
    SELECT row, row_number() OVER (PARTITION BY {key} ORDER BY row) AS rank FROM stage
), numbered AS (
    UPDATE stage SET rank = ranked.rank FROM ranked WHERE ranked.row = stage.row
    RETURNING stage.rank
)
SELECT coalesce(max(rank), 0) FROM numbered
