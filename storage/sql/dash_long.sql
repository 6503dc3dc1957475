SELECT e.line, v.*
FROM (
{branches}
) AS v
JOIN plant.equipment AS e ON e.name = v.equipment
