INSERT INTO analysis.faulty_chart
    (line, measure, learnt_cells, learnt_faulty, p0, p1, step, limit_value, total, is_on, since_us,
     cells, faulty, anomaly, looked)
VALUES (%(line)s, %(measure)s, %(learnt_cells)s, %(learnt_faulty)s, %(p0)s, %(p1)s, %(step)s,
        %(limit)s, %(total)s, %(is_on)s, %(since_us)s, %(units)s, %(bad)s, %(anomaly)s, %(looked)s)
    ON CONFLICT (line, measure) DO UPDATE
   SET learnt_cells = excluded.learnt_cells, learnt_faulty = excluded.learnt_faulty,
       p0 = excluded.p0, p1 = excluded.p1, step = excluded.step,
       limit_value = excluded.limit_value, total = excluded.total, is_on = excluded.is_on,
       since_us = excluded.since_us, cells = excluded.cells, faulty = excluded.faulty,
       anomaly = excluded.anomaly, looked = excluded.looked
