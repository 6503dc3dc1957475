WITH roll AS (
    SELECT equipment, min(time) AS begun
    FROM dash.genealogy
    WHERE station = 'coating' AND child IN (${roll:sqlstring})
    GROUP BY equipment
), made AS (
    -- A roll is coated at the planned speed of the web, which the model gives in m/min.
    SELECT roll.equipment, roll.begun, strip.metres, speed.nominal / 60 AS metres_per_s,
        roll.begun + make_interval(secs => strip.metres / (speed.nominal / 60)) AS ended
    FROM roll
    CROSS JOIN (
        SELECT max(to_m) AS metres FROM dash.genealogy WHERE parent IN (${roll:sqlstring})
    ) AS strip
    CROSS JOIN (
        SELECT avg(nominal) AS nominal
        FROM dash.signal
        WHERE station = 'coating' AND characteristic = 'web_speed'
    ) AS speed
)
