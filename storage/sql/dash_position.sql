SELECT t.time, e.line, t.equipment, p.position, {values}
FROM {source} AS t
JOIN plant.equipment AS e ON e.name = t.equipment
CROSS JOIN LATERAL unnest({unnested}) WITH ORDINALITY AS p ({names}, position)
