-- K = (OCV1 - OCV2) / days in mV/d, each voltage first brought to 25 Cel; a temperature that is not
-- known is taken for 25 Cel.
SELECT
    t.time,
    e.line,
    t.equipment,
    t.position::bigint AS position,
    t.cell,
    1000 * (
        (first.{first} - {v_per_kelvin} * coalesce(first.{first_temperature} - 25, 0))
        - (t.{second} - {v_per_kelvin} * coalesce(t.{second_temperature} - 25, 0))
    ) * 24 / nullif(t.{hours}, 0) AS k_value
FROM {table} AS t
{first_visit}
JOIN plant.equipment AS e ON e.name = t.equipment
WHERE first.{first} IS NOT NULL AND t.{second} IS NOT NULL
