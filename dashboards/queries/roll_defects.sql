{made}
SELECT
    made.equipment,
    made.begun,
    made.metres AS "length",
    min(c.defects) AS "fewest defects",
    avg(c.defects) AS "mean defects",
    max(c.defects) AS "most defects",
    avg(c.residual_solvent) AS "residual solvent",
    avg(c.web_speed) AS "web speed"
FROM made
LEFT JOIN dash.coating AS c
    ON c.equipment = made.equipment AND c.time >= made.begun AND c.time < made.ended
GROUP BY made.equipment, made.begun, made.metres
