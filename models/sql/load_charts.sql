SELECT c.equipment, c.position, c.characteristic, c.recipe, c.version, c.points, c.first_time,
       c.last_time, c.level,
       c.total, c.is_on, c.below, c.samples, c.score_sum, c.onset_us, c.recent_us, c.recent_values,
       l.n, l.mean, l.sd, l.k, l.h, l.gain, l.reach
  FROM analysis.chart AS c
  LEFT JOIN analysis.control_limit AS l
    ON l.equipment = c.equipment AND l.position IS NOT DISTINCT FROM c.position
   AND l.characteristic = c.characteristic AND l.recipe = c.recipe AND l.version = c.version
 ORDER BY c.id
