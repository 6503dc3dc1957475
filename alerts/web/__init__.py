"""The page: line health, alerts to act on, alarm performance; an API and metrics beside it."""
