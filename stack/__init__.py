"""A private TimescaleDB and Mosquitto without Docker, for `jellyroll demo` and the tests."""
