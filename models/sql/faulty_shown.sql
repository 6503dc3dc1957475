-- The charts of faulty cells as they stand; sum and limit in faulty cells.
SELECT f.line, f.measure,
       CASE WHEN f.p0 IS NULL THEN 'learning' WHEN f.is_on THEN 'alarm' ELSE 'watching' END AS state,
       f.learnt_cells, f.learnt_faulty, round((1000000 * f.p0)::numeric)::int AS usual_ppm,
       round(f.total::numeric / f.step, 2)::float8 AS sum,
       round(f.limit_value::numeric / f.step, 2)::float8 AS "limit",
       CASE WHEN f.total > 0 THEN to_timestamp(f.since_us / 1000000.0) END AS since,
       CASE WHEN f.total > 0 THEN f.faulty ELSE 0 END AS faulty,
       CASE WHEN f.total > 0 THEN f.cells ELSE 0 END AS cells
  FROM analysis.faulty_chart AS f
 ORDER BY f.line, f.measure
