INSERT INTO analysis.faulty_count (line, place, place_xid, model)
VALUES (%(line)s, %(place)s, %(place_xid)s::xid8, %(model)s)
    ON CONFLICT (line) DO UPDATE
   SET place = excluded.place, place_xid = excluded.place_xid, model = excluded.model,
       changed_at = clock_timestamp()
