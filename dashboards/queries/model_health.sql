SELECT
    line, station, equipment_group AS "machines", recipe, version, detector, state, trained_until AS "trained until",
    scored_share AS "scored", score_mean AS "score mean", score_sd AS "score sd", drifting_signal AS "drifting",
    input_drift AS "drift", alarms_per_day AS "alarms/d", budget_per_day AS "budget/d", true_alarms AS "true", false_alarms AS "false"
FROM dash.model_health
WHERE line IN (${line:sqlstring}) AND state <> 'retired'
ORDER BY input_drift DESC NULLS LAST, line, station
LIMIT 200
