SELECT
    lot,
    material,
    supplier,
    certificate,
    expires,
    days_left AS "days left",
    CASE WHEN days_left < 0 THEN 'expired' WHEN days_left < 90 THEN 'soon' ELSE 'valid' END AS "state"
FROM dash.us_certificate
WHERE days_left BETWEEN -90 AND 365
ORDER BY expires, lot
LIMIT 50
