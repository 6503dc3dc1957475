SELECT t.time, e.line, t.equipment, {columns}
FROM {source} AS t
JOIN plant.equipment AS e ON e.name = t.equipment
