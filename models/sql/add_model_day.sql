INSERT INTO analysis.model_day AS d
    (model, day, moments, scored, incomplete, alarms, score_sum, score_sum2, bins)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (model, day) DO UPDATE
   SET moments = d.moments + excluded.moments, scored = d.scored + excluded.scored,
       incomplete = d.incomplete + excluded.incomplete, alarms = d.alarms + excluded.alarms,
       score_sum = d.score_sum + excluded.score_sum,
       score_sum2 = d.score_sum2 + excluded.score_sum2,
       bins = (SELECT array_agg(b.old + b.new ORDER BY b.number)
                 FROM unnest(d.bins, excluded.bins) WITH ORDINALITY AS b (old, new, number))
