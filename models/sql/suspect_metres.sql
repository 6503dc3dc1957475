COPY (
    SELECT hashtextextended(child, 0), hashtextextended(parent, 0), coalesce(from_m, 'NaN')
      FROM material.genealogy
     WHERE time BETWEEN {from_time} AND {to_time} AND equipment = ANY ({machines}::text[])
) TO STDOUT (FORMAT BINARY)
