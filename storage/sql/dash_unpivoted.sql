SELECT t.time, {station}::text AS station, t.equipment, {position} AS position, v.characteristic, {shown}
FROM {source} AS t
CROSS JOIN LATERAL (VALUES {rows}) AS v (characteristic, {measures})
WHERE {is_there}
