SELECT cell FROM {table} WHERE {where} ORDER BY time
