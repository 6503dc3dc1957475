{made}
SELECT
    floor(extract(epoch FROM c.time - made.begun) * made.metres_per_s / 100) * 100 AS "from metre",
{lanes}
FROM made
JOIN dash.coating_position AS c
    ON c.equipment = made.equipment AND c.time >= made.begun AND c.time < made.ended
CROSS JOIN LATERAL (
    SELECT CASE
{signals}
    END AS value
) AS v
-- Half of the moments are enough, and half the arrays to unpack.
WHERE extract(epoch FROM c.time)::bigint % 10 < 5
GROUP BY 1
ORDER BY 1
LIMIT 500
