-- What is kept, and from there on what the rows say.
SELECT {columns} FROM {kept} WHERE time < {until}
UNION ALL
SELECT {columns} FROM ({live}) AS live
