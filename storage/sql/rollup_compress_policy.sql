SELECT add_compression_policy({table}, compress_after => {after}, if_not_exists => true)
