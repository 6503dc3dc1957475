SELECT cell, time, line, recipe, grade, disposition, fault_class, reasons, scores, judged_at
  FROM analysis.cell_quality
 WHERE cell = %(cell)s
