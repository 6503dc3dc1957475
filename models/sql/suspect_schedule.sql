INSERT INTO analysis.suspect_look (anomaly, next_at)
VALUES (%(anomaly)s, %(next_at)s)
    ON CONFLICT (anomaly) DO UPDATE SET next_at = excluded.next_at
