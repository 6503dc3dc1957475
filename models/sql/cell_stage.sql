CREATE TEMPORARY TABLE IF NOT EXISTS cell_stage (
    is_new      boolean,
    cell        text COLLATE "C",
    time        timestamptz,
    line        text,
    recipe      text,
    grade       text,
    disposition text,
    fault_class text,
    reasons     jsonb,
    scores      jsonb
) ON COMMIT DELETE ROWS
