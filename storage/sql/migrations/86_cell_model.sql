-- Models of cells are models like the others: one registry for whoever asks.

ALTER TABLE analysis.model
    DROP CONSTRAINT model_kind_check,
    ADD CONSTRAINT model_kind_check CHECK (kind IN ('signals', 'results', 'cells'));
COMMENT ON COLUMN analysis.model.kind IS
    'signals: a monitor of telemetry; results: baselines of the charts of cells; cells: what is'
    ' usual among cells, and their forecasts, of all lines, stations and recipes (empty texts)';

WITH moved AS (
    INSERT INTO analysis.model
        (line, station, equipment_group, recipe, kind, version, detector, state, created_at,
         from_time, to_time, rows, signals, expected, metrics, libraries, sha256, content)
    SELECT '', '', '', '', 'cells', version, 'peers', state, created_at, from_time, to_time, cells,
           '{}', '{}', jsonb_build_object('checks', metrics), libraries, sha256, content
      FROM analysis.cell_model
     ORDER BY version
    RETURNING id, created_at
)
INSERT INTO analysis.model_event (at, model, who, what, why)
SELECT m.created_at, m.id, current_user, e.what, ''
  FROM moved AS m CROSS JOIN LATERAL (VALUES (1, 'trained'), (2, 'promoted')) AS e (turn, what)
 ORDER BY m.id, e.turn;

DROP TABLE analysis.cell_model;
