SELECT cell
  FROM analysis.cell_quality
 WHERE line = %(line)s AND time BETWEEN %(from_time)s AND %(to_time)s
   AND (fault_class <> 'none' OR disposition IN ('hold', 'scrap'))
