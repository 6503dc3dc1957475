-- The services write everywhere, but own nothing and drop nothing. Repeated at each migration,
-- so that new tables are covered.
GRANT USAGE ON SCHEMA plant, telemetry, cell, machine, material, ingest, analysis, alert, dash, jellyroll, sim
    TO jellyroll_writer;
GRANT SELECT ON ALL TABLES IN SCHEMA plant, telemetry, cell, machine, material, dash, jellyroll
    TO jellyroll_writer;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ingest, analysis, alert TO jellyroll_writer;
GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA sim TO jellyroll_writer;
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA ingest, analysis, alert TO jellyroll_writer;
GRANT USAGE ON SCHEMA web TO jellyroll_writer;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA web TO jellyroll_writer;
