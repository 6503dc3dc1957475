-- The rolls that *strips* were slit from: how many metres of strip each roll became in all, and the
-- kilograms of each lot in it, through its slurries.
WITH roll AS (
    SELECT DISTINCT g.parent AS roll FROM material.genealogy g WHERE g.child = ANY (%(strips)s)
), slit AS (
    SELECT g.parent AS roll, sum(abs(g.to_m - g.from_m)) AS metres
      FROM material.genealogy g JOIN roll ON g.parent = roll.roll
     GROUP BY g.parent
), mixed AS (
    SELECT g.child AS slurry, g.parent AS lot, g.amount_kg,
           sum(g.amount_kg) OVER (PARTITION BY g.child) AS all_kg
      FROM material.genealogy g
     WHERE g.child IN (SELECT coated.parent FROM material.genealogy coated
                       JOIN roll ON coated.child = roll.roll)
)
SELECT s.roll, s.metres, m.lot, sum(g.amount_kg * m.amount_kg / m.all_kg) AS kg
  FROM slit s
       JOIN material.genealogy g ON g.child = s.roll
       JOIN mixed m ON m.slurry = g.parent
 GROUP BY s.roll, s.metres, m.lot
