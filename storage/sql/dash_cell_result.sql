-- Every result of a cell at one station; asked for by `cell`, it reads no other.
SELECT
    t.time, e.line, e.station, t.equipment, t.position::bigint AS position, t.cell, t.verdict,
    t.recipe, v.characteristic, v.value
FROM {table} AS t
JOIN plant.equipment AS e ON e.name = t.equipment
CROSS JOIN LATERAL (VALUES {values}) AS v (characteristic, value)
WHERE v.value IS NOT NULL
