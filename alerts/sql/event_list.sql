SELECT id, at, who, what, why, detail
  FROM (SELECT *
          FROM alert.event
         WHERE alert = %(alert)s
         ORDER BY id DESC
         LIMIT 1000) AS newest
 ORDER BY id
