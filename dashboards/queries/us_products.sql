SELECT title AS __text, recipe AS __value
FROM dash.recipe
ORDER BY ordinal
