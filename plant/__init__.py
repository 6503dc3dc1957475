"""The plant as data: stations, signals, limits, topics and payloads."""
