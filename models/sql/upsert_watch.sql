WITH new AS (
    SELECT %s::text AS equipment, %s::bigint AS model, %s::timestamptz AS last_time,
           %s::double precision AS statistic, %s::double precision AS limit_value,
           %s::boolean AS is_on, %s::bytea AS memory
), minute AS (
    INSERT INTO analysis.score_1m AS m (time, equipment, share_of_limit)
    SELECT date_trunc('minute', last_time), equipment, statistic / limit_value
      FROM new
     WHERE limit_value > 0
    ON CONFLICT (equipment, time) DO UPDATE
       SET share_of_limit = greatest(m.share_of_limit, excluded.share_of_limit)
)
INSERT INTO analysis.watch (equipment, model, last_time, statistic, limit_value, is_on, memory)
SELECT * FROM new
ON CONFLICT (equipment) DO UPDATE
   SET model = excluded.model, last_time = excluded.last_time, statistic = excluded.statistic,
       limit_value = excluded.limit_value, is_on = excluded.is_on, memory = excluded.memory
