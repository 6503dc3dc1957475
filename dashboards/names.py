"""Names by which Grafana knows the database."""

from __future__ import annotations

PLUGIN = "grafana-postgresql-datasource"
#: The data source's fixed uid, to which alert rules and boards refer.
SOURCE_UID = "jellyroll-db"
SOURCE_NAME = "Jellyroll"
