SELECT time, line, station, equipment_group AS "machines", kind, recipe, version, what, who, why
FROM dash.model_event
WHERE $__timeFilter(time) AND line IN (${line:sqlstring})
ORDER BY time DESC
LIMIT 100
