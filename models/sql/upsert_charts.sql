INSERT INTO analysis.chart AS c
SELECT * FROM chart_stage
    ON CONFLICT (id) DO UPDATE
   SET version = excluded.version, points = excluded.points, last_time = excluded.last_time,
       first_time = excluded.first_time, total = excluded.total, is_on = excluded.is_on,
       below = excluded.below, samples = excluded.samples, score_sum = excluded.score_sum,
       onset_us = excluded.onset_us, recent_us = excluded.recent_us,
       recent_values = excluded.recent_values, recipe = excluded.recipe, level = excluded.level
