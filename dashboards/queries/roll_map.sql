{made}, thinned AS (
    -- Some thousand moments are enough for the means, and unpacking the arrays takes the time.
    SELECT made.*, 1 + (
        SELECT count(*) FROM dash.coating AS c
        WHERE c.equipment = made.equipment AND c.time >= made.begun AND c.time < made.ended
    ) / 5000 AS every
    FROM made
)
SELECT
    floor(extract(epoch FROM c.time - made.begun) * made.metres_per_s / 100) * 100 AS "from metre",
{lanes}
FROM thinned AS made
CROSS JOIN LATERAL (
    SELECT c.time, c.position,
        CASE
{signals}
        END AS value
    FROM dash.coating_position AS c
    WHERE c.equipment = made.equipment AND c.time >= made.begun AND c.time < made.ended
      -- One in so many, without a rhythm that the samples may have, too.
      AND hashint8((extract(epoch FROM c.time) * 1000)::bigint) % made.every = 0
    OFFSET 0 -- else all samples of all time are read to be joined
) AS c
GROUP BY 1
ORDER BY 1
LIMIT 500
