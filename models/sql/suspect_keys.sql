SELECT string_agg(int8send(hashtextextended(cell, 0)), ''::bytea) FROM unnest(%(cells)s::text[]) AS cell
