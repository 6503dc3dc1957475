INSERT INTO analysis.faulty_count (line, place, place_xid, model, learnt_cells)
VALUES (%(line)s, %(place)s, %(place_xid)s::xid8, %(model)s, %(learnt_cells)s)
    ON CONFLICT (line) DO UPDATE
   SET place = excluded.place, place_xid = excluded.place_xid, model = excluded.model,
       learnt_cells = excluded.learnt_cells, changed_at = clock_timestamp()
