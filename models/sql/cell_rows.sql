COPY (
    SELECT substr(convert_to(rpad(base.cell, {width}), 'UTF8'), 1, {width}), {columns}
      FROM ({base}) AS base
      {stations}
) TO STDOUT (FORMAT BINARY)
