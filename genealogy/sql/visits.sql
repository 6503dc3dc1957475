SELECT time, {station} AS station, cell, equipment, position, verdict
FROM {table}
WHERE cell = ANY (%(cells)s)
