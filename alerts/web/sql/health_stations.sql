-- How each station is. Stale: nothing came for three sampling periods, and half a minute.
WITH fresh AS (
    SELECT line, station, max(last_time) AS last_time
      FROM dash.freshness
     GROUP BY line, station
), period AS (
    SELECT station, greatest(30, 3 / max(rate_hz)) AS stale_after_s
      FROM plant.signal
     WHERE rate_hz > 0
     GROUP BY station
), suspicion AS (
    SELECT DISTINCT line, station
      FROM plant.equipment
     WHERE name IN (SELECT equipment FROM analysis.chart WHERE true = ANY (is_on)
                    UNION ALL
                    SELECT equipment FROM analysis.watch WHERE is_on)
)
SELECT fresh.line, station.name AS station, station.title,
       CASE WHEN fresh.last_time IS NULL
              OR fresh.last_time < now() - make_interval(secs => coalesce(period.stale_after_s, 300))
            THEN 'stale'
            WHEN suspicion.station IS NOT NULL THEN 'suspected'
            ELSE 'normal'
       END AS health,
       -- A machine's clock may be a little ahead of ours; greatest(NULL, 0) alone would be 0.
       CASE WHEN fresh.last_time IS NOT NULL
            THEN greatest(0, extract(epoch FROM now() - fresh.last_time))
       END::double precision AS data_age_s
  FROM fresh
  JOIN plant.station ON station.name = fresh.station
  LEFT JOIN period ON period.station = fresh.station
  LEFT JOIN suspicion ON suspicion.line = fresh.line AND suspicion.station = fresh.station
 ORDER BY fresh.line, station.ordinal
