"""MQTT to TimescaleDB, acknowledged after commit."""
