WITH bucketed AS (
{bucketed}
), farthest AS (
    SELECT place
    FROM bucketed
    GROUP BY place
    ORDER BY abs(sum(total) / sum(n) - (SELECT sum(total) / sum(n) FROM bucketed)) DESC, place
    LIMIT 8
)
SELECT "time", place AS metric, total / n AS value
FROM bucketed
JOIN farthest USING (place)
ORDER BY 1, 2
