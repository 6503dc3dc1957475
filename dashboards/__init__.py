"""Grafana dashboards as code: queries on the `dash` views, panels, boards, files."""
