SELECT line, measure, learnt_cells, learnt_faulty, p0, p1, step, limit_value, total, is_on, since_us,
       cells, faulty, anomaly, looked
  FROM analysis.faulty_chart
