-- The server's own side: a machine that lost its power holds its locks for half a minute, not the
-- two hours of the system's default.
SET tcp_keepalives_idle = 10;
SET tcp_keepalives_interval = 5;
SET tcp_keepalives_count = 3
