SELECT min(time), max(time) FROM {table} WHERE cell = ANY (%(cells)s) AND time >= %(from_time)s
