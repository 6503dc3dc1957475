-- A cell that its station scraps never comes to the last one: each measure counts where it is read.

ALTER TABLE analysis.cell_quality DROP COLUMN counted;
ALTER TABLE analysis.cell_quality ADD COLUMN counted text[];
ALTER TABLE analysis.cell_quality ALTER COLUMN counted SET DEFAULT '{}';
COMMENT ON COLUMN analysis.cell_quality.counted IS
    'the stations whose measures the charts of faulty cells have taken in: each once; null for cells'
    ' that were judged before there were any';

ALTER TABLE analysis.faulty_count DROP COLUMN learnt_cells;
ALTER TABLE analysis.faulty_chart ADD COLUMN learnt_cells bigint NOT NULL DEFAULT 0;
