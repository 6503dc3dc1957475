SELECT time_bucket(INTERVAL {width}, time) AS time, {keys}, {measures}
FROM {source}
GROUP BY 1, {keys}
