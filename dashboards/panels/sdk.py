"""What is used of the Grafana Foundation SDK.

It warns at import that it likes its newer form of boards better, which files cannot have everywhere
yet.
"""

from __future__ import annotations

import warnings

from dashboards.names import PLUGIN

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    from grafana_foundation_sdk.builders import barchart as bar_builder
    from grafana_foundation_sdk.builders import common as common_builders
    from grafana_foundation_sdk.builders import dashboard as builders
    from grafana_foundation_sdk.builders import stat as stat_builder
    from grafana_foundation_sdk.builders import statetimeline as state_builder
    from grafana_foundation_sdk.builders import table as table_builder
    from grafana_foundation_sdk.builders import timeseries as trend_builder
    from grafana_foundation_sdk.cog.encoder import JSONEncoder
    from grafana_foundation_sdk.cog.variants import Dataquery
    from grafana_foundation_sdk.models import common, dashboard

SOURCE = common.DataSourceRef(type_val=PLUGIN, uid="${datasource}")

Board = dashboard.Dashboard
Panel = dashboard.Panel
Property = dashboard.DynamicConfigValue
Region = dashboard.AnnotationQuery
Variable = dashboard.VariableModel

__all__ = [
    "SOURCE", "Board", "Dataquery", "JSONEncoder", "Panel", "Property", "Region", "Variable",
    "bar_builder", "builders", "common", "common_builders", "dashboard", "stat_builder",
    "state_builder", "table_builder", "trend_builder",
]  # fmt: skip
