-- The unique key must be among the columns that segment or order, or inserts could not check it.
ALTER TABLE {table} SET (
    timescaledb.compress,
    timescaledb.compress_segmentby = 'equipment',
    timescaledb.compress_orderby = {order}
)
