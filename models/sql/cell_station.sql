-- The cell's latest visit. LIMIT keeps the planner at one look into the index a cell.
LEFT JOIN LATERAL (
    SELECT r.time, r.equipment, r.position, r.recipe, {values}
      FROM {table} AS r
     WHERE r.cell = base.cell AND r.time BETWEEN {from_time} AND {to_time}
     ORDER BY r.time DESC
     LIMIT 1
) AS {name} ON true
