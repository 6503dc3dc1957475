-- The policy of a continuous aggregate may be listed under the table that holds what it made.
SELECT
    format(
        '%%s.%%s',
        coalesce(a.view_schema, j.hypertable_schema),
        coalesce(a.view_name, j.hypertable_name)
    ),
    (j.config ->> %(setting)s)::interval
FROM timescaledb_information.jobs AS j
LEFT JOIN timescaledb_information.continuous_aggregates AS a
    ON a.materialization_hypertable_schema = j.hypertable_schema
    AND a.materialization_hypertable_name = j.hypertable_name
WHERE j.proc_name = %(policy)s AND j.config ->> %(setting)s IS NOT NULL
