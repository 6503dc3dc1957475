SELECT *
  FROM alert.alert
 WHERE id = %(id)s
   FOR UPDATE
