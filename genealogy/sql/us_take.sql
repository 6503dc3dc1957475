-- Rows of a file that say something else than the last row before them on the same thing, in the
-- file or else in the book.
INSERT INTO {table} (who, file_sha256, {columns})
SELECT %(who)s, %(sha256)s, {columns}
FROM (
    SELECT *, lag(said) OVER (PARTITION BY {key} ORDER BY line) AS said_before
    FROM (SELECT *, ROW({columns}) AS said FROM taken) AS row
) AS given
LEFT JOIN LATERAL (
    SELECT ROW({columns}) AS said FROM {table} AS book WHERE {same_key} ORDER BY id DESC LIMIT 1
) AS known ON given.said_before IS NULL
WHERE given.said IS DISTINCT FROM coalesce(given.said_before, known.said)
ORDER BY line
