SELECT measure, value, distance AS "sd from its peers"
FROM dash.cell_score
WHERE cell IN (${cell:sqlstring})
ORDER BY abs(distance) DESC NULLS LAST
