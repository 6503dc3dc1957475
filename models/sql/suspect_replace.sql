-- The list that held so far goes to those of the past; what is its version?
WITH gone AS (
    DELETE FROM analysis.suspect WHERE anomaly = %(anomaly)s RETURNING *
), kept AS (
    INSERT INTO analysis.suspect_past
    SELECT * FROM gone
    RETURNING version
)
SELECT coalesce(max(version), 0) FROM kept
