-- A plant that has been alarmed for a month: for each alert of the history an opening, an
-- acknowledgement and a return; and a shift of cells at every station that reports them.
SET session_replication_role = replica;

CREATE TEMPORARY TABLE made ON COMMIT DROP AS
SELECT n, machine.line, machine.station, machine.name AS equipment,
       (n / machine.total % 64 + 1)::smallint AS position,
       CASE WHEN n % 20 = 0 THEN 'high' WHEN n % 20 < 4 THEN 'medium' ELSE 'low' END AS severity,
       n > {history} AS is_open,
       now() - CASE WHEN n > {history} THEN (n - {history}) * interval '20 seconds'
                    ELSE n * (interval '30 days' / {history}) END AS opened_at
  FROM generate_series(1, {history} + {open}) AS n
  JOIN (SELECT *, row_number() OVER (ORDER BY name) - 1 AS place, count(*) OVER () AS total
          FROM plant.equipment) AS machine
    ON machine.place = n % machine.total;

INSERT INTO alert.alert (opened_at, updated_at, closed_at, state, severity, line, station,
                         equipment, position, characteristic, direction, title, since, details,
                         acknowledged_at, acknowledged_by)
SELECT opened_at, opened_at, CASE WHEN NOT is_open THEN opened_at + interval '20 minutes' END,
       CASE WHEN NOT is_open THEN 'normal' WHEN n % 2 = 0 THEN 'unacknowledged' ELSE 'acknowledged' END,
       severity, line, station, equipment, position,
       'c' || n / 64 % 50, 'low', equipment || ': c' || n / 64 % 50 || ' 6.02 g, expected 6.40 g',
       opened_at - interval '4 minutes',
       jsonb_build_object(
           'since', opened_at - interval '4 minutes', 'time', opened_at, 'value', 6.02,
           'expected', 6.4, 'sd', 0.02, 'unit', 'g', 'statistic', 9.1, 'limit', 8, 'samples', 12,
           'model', 'cusum-1', 'last_points',
           (SELECT jsonb_agg(jsonb_build_array(opened_at - (25 - p) * interval '20 seconds', 6.4 - p / 60.0))
              FROM generate_series(1, 25) AS p)),
       CASE WHEN NOT is_open OR n % 2 = 1 THEN opened_at + interval '9 minutes' END,
       CASE WHEN NOT is_open OR n % 2 = 1 THEN 'ada' END
  FROM made
 ORDER BY opened_at;

INSERT INTO alert.event (at, alert, who, what, detail)
SELECT alert.opened_at + step.after, alert.id, step.who, step.what, '{{}}'
  FROM alert.alert
 CROSS JOIN (VALUES (interval '0', 'jellyroll', 'opened'), ('9 minutes', 'ada', 'acknowledged'),
                    ('20 minutes', 'jellyroll', 'returned')) AS step (after, who, what)
 WHERE step.what = 'opened'
    OR (step.what = 'acknowledged' AND alert.acknowledged_at IS NOT NULL)
    OR alert.closed_at IS NOT NULL
 ORDER BY alert.opened_at + step.after, alert.id;
