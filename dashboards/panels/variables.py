"""What people choose on a board."""

from __future__ import annotations

from dashboards.names import PLUGIN, SOURCE_NAME, SOURCE_UID
from dashboards.panels.sdk import SOURCE, Variable, dashboard


def source_variable() -> Variable:
    """Return the choice of data source; every query goes to it."""
    return Variable(
        type_val=dashboard.VariableType.DATASOURCE,
        name="datasource",
        label="Database",
        query=PLUGIN,
        current=dashboard.VariableOption(text=SOURCE_NAME, value=SOURCE_UID),
        auto=None,
        auto_min=None,
        auto_count=None,
    )


def variable(
    name: str,
    label: str,
    sql: str,
    *,
    many: bool = False,
    first: tuple[str, str] | None = None,
    own: bool = False,
) -> Variable:
    """Return a choice from the rows of *sql* (`__text` and `__value`, or one column).

    It is read when the dashboard is opened. *many* allows several and all; *first* is the text and
    value that a single choice begins with; *own* lets people enter a value that is not among them.
    """
    text, value = first or ("", "")
    current = dashboard.VariableOption(text=text, value=value)
    if many:
        current = dashboard.VariableOption(text=["All"], value=["$__all"])
    return Variable(
        type_val=dashboard.VariableType.QUERY,
        name=name,
        label=label,
        query=sql,
        definition=sql,
        datasource=SOURCE,
        refresh=dashboard.VariableRefresh.ON_DASHBOARD_LOAD,
        multi=many,
        include_all=many,
        allow_custom_value=own,
        current=current,
        auto=None,
        auto_min=None,
        auto_count=None,
    )


def hidden_text(name: str, value: str) -> Variable:
    """Return a text that links use and nobody sees; `?var-<name>=` in the address changes it."""
    return Variable(
        type_val=dashboard.VariableType.TEXTBOX,
        name=name,
        hide=dashboard.VariableHide.HIDE_VARIABLE,
        query=value,
        current=dashboard.VariableOption(text=value, value=value),
        auto=None,
        auto_min=None,
        auto_count=None,
    )
