CREATE SCHEMA IF NOT EXISTS jellyroll;
CREATE TABLE IF NOT EXISTS jellyroll.migration (
    name       text PRIMARY KEY,
    applied_at timestamptz NOT NULL DEFAULT now()
);
