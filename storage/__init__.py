"""TimescaleDB: schema, migrations, COPY, ledger, dead letters."""
