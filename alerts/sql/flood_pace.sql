-- Alerts that opened, and causes that a flood swallowed, within the last minute.
SELECT (SELECT count(*)
          FROM alert.alert
         WHERE kind = 'process' AND opened_at > clock_timestamp() - INTERVAL '1 minute'),
       (SELECT count(*)
          FROM alert.flooded
         WHERE first_at > clock_timestamp() - INTERVAL '1 minute')
