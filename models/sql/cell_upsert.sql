-- A cell of which nothing came is rewritten only if its judgement changed: the scores of all the
-- others of a window move a little with each cell that joins it.
INSERT INTO analysis.cell_quality
    (cell, time, line, recipe, grade, disposition, fault_class, reasons, scores)
SELECT s.cell, s.time, s.line, s.recipe, s.grade, s.disposition, s.fault_class, s.reasons, s.scores
  FROM cell_stage AS s
  LEFT JOIN analysis.cell_quality AS q ON q.cell = s.cell
 WHERE q.cell IS NULL
    OR (q.grade, q.disposition, q.fault_class)
       IS DISTINCT FROM (s.grade, s.disposition, s.fault_class)
    OR (s.is_new AND (q.time, q.line, q.recipe, q.reasons, q.scores)
                     IS DISTINCT FROM (s.time, s.line, s.recipe, s.reasons, s.scores))
    ON CONFLICT (cell) DO UPDATE
   SET xid = pg_current_xact_id(), judged_at = clock_timestamp(), time = excluded.time,
       line = excluded.line, recipe = excluded.recipe, grade = excluded.grade,
       disposition = excluded.disposition, fault_class = excluded.fault_class,
       reasons = excluded.reasons, scores = excluded.scores
