-- By number: GROUP BY time would mean the column of the source, not the bucket.
SELECT time_bucket(INTERVAL {width}, time) AS time, {keys}, {measures}
FROM {source}
{where}
GROUP BY 1, {keys}
