-- The line is told in both parts, so that asking for one line reads its machines alone.
SELECT e.line, v.time, v.station, v.equipment, v.cells, v.failed, v.new, v.new_good
FROM {kept} AS v
JOIN plant.equipment AS e ON e.name = v.equipment
WHERE v.time < {until}
UNION ALL
SELECT e.line, v.time, v.station, v.equipment, v.cells, v.failed, v.new, v.new_good
FROM ({live}) AS v
JOIN plant.equipment AS e ON e.name = v.equipment
