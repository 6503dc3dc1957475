SELECT cell, time, fault_class, disposition IN ('hold', 'scrap')
  FROM analysis.cell_quality
 WHERE fault_class <> 'none' OR disposition <> 'pass'
 ORDER BY time, cell
