SELECT
    certificate,
    supplier,
    material,
    count(*) AS "lots",
    expires,
    days_left AS "days left",
    CASE WHEN days_left < 0 THEN 'expired' WHEN days_left < 90 THEN 'soon' ELSE 'valid' END AS "state"
FROM dash.us_certificate
WHERE days_left BETWEEN -90 AND 365
GROUP BY certificate, supplier, material, expires, days_left
ORDER BY expires, certificate, supplier, material
LIMIT 50
