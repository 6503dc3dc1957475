SELECT line, coalesce(recipe, '') AS recipe, coalesce(grade, '') AS grade, disposition, fault_class,
       count(*) AS cells
  FROM analysis.cell_quality
 WHERE time BETWEEN %(from_time)s AND %(to_time)s
 GROUP BY 1, 2, 3, 4, 5
 ORDER BY 1, 2, 3, 4, 5
