"""The Foundation SDK behind one small door: stat, trend, state, bars, table, variables, board.

The form is classic dashboard JSON, which every Grafana from 11 to 13 loads from a file. Traps of
the SDK that end here: it has no PostgreSQL query; it moves a panel at (0, 0); it warns at import
that it likes its newer form better, which files cannot have everywhere yet.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dashboards import palette
from dashboards.names import PLUGIN, SOURCE_NAME, SOURCE_UID

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

_TILES = 500

Board = dashboard.Dashboard
Panel = dashboard.Panel
Property = dashboard.DynamicConfigValue
Region = dashboard.AnnotationQuery
Variable = dashboard.VariableModel


@dataclass(frozen=True, kw_only=True, slots=True)
class Frame:
    """What every panel says: its words, its unit, what stands there when there is nothing."""

    title: str
    description: str
    unit: str
    no_value: str


@dataclass(frozen=True, slots=True)
class Query(Dataquery):
    """One plain SELECT; a time series needs `time` first and ascending."""

    sql: str
    table: bool = False
    ref: str = "A"

    def to_json(self) -> dict[str, object]:
        """Return the target as the data source reads it."""
        return {
            "refId": self.ref,
            "datasource": SOURCE,
            "format": "table" if self.table else "time_series",
            "rawQuery": True,
            "editorMode": "code",
            "rawSql": self.sql,
        }

    def build(self) -> Query:
        """Return itself: the SDK's panels ask for a builder."""
        return self


def stat(
    frame: Frame,
    sql: str,
    *,
    thresholds: Sequence[tuple[float, str]] = (),
    words: dict[str, tuple[str, str]] | None = None,
    field: str = "",
    decimals: int | None = None,
    link: tuple[str, str] | None = None,
    base: str = palette.NORMAL,
) -> Panel:
    """Return big figures: one, or one tile per row when *field* names the column to show.

    *thresholds* are (from this value, this colour); below the first the ground is *base*. *words*
    gives a text value its display text and ground. *link* is title and address of where a tile
    leads.
    """
    reduce = common_builders.ReduceDataOptions().calcs(["lastNotNull"])
    reduce.values(bool(field)).fields(f"/^{field}$/" if field else "")
    panel = stat_builder.Panel()
    panel.color_mode(common.BigValueColorMode.BACKGROUND_SOLID)
    panel.graph_mode(common.BigValueGraphMode.NONE)
    panel.thresholds(_steps(base, thresholds))
    if words:
        panel.mappings([_mapping(words)])
    if field:
        # Grafana's own limit of 25 would hide stations without a word.
        reduce.limit(_TILES)
        panel.text_mode(common.BigValueTextMode.VALUE_AND_NAME)
    if decimals is not None:
        panel.decimals(decimals)
    if link:
        panel.override_by_regexp(".*", [linked(*link)])
    panel.reduce_options(reduce)
    return _framed(panel.build(), frame, [Query(sql, table=True)])


def trend(
    frame: Frame,
    queries: Sequence[Query],
    *,
    overrides: Mapping[str, Sequence[Property]] | None = None,
    points: int | None = None,
    interval: str | None = None,
    limits: tuple[float | None, float | None] = (None, None),
) -> Panel:
    """Return lines over time; a gap in the data stays a gap.

    *overrides* are properties by series name; *points* is how many buckets to ask for at most,
    *interval* the narrowest bucket; *limits* are drawn as lines where there are any.
    """
    panel = trend_builder.Panel()
    panel.line_width(1).fill_opacity(0).show_points(common.VisibilityMode.NEVER)
    panel.span_nulls(span_nulls=False)
    panel.color_scheme(
        builders.FieldColor().mode(dashboard.FieldColorModeId.FIXED).fixed_color(palette.LINE)
    )
    panel.legend(common_builders.VizLegendOptions().show_legend(show_legend=True))
    panel.tooltip(common_builders.VizTooltipOptions().mode(common.TooltipDisplayMode.MULTI))
    for name, properties in (overrides or {}).items():
        panel.override_by_name(name, list(properties))
    if points:
        panel.max_data_points(points)
    if interval:
        panel.interval(interval)
    if edges := [(value, palette.LIMIT) for value in limits if value is not None]:
        panel.thresholds(_steps(palette.LIMIT, edges))
        panel.thresholds_style(
            common_builders.GraphThresholdsStyleConfig().mode(
                common.GraphThresholdsStyleMode.DASHED
            )
        )
    return _framed(panel.build(), frame, queries)


def states(
    frame: Frame, sql: str, *, codes: dict[int, tuple[str, str]], points: int, interval: str
) -> Panel:
    """Return a band per series; *codes* gives each number its word and colour."""
    panel = state_builder.Panel()
    panel.mappings([_mapping({str(code): word for code, word in codes.items()})])
    panel.show_value(common.VisibilityMode.NEVER).merge_values(merge_values=True)
    panel.row_height(0.8).line_width(0).fill_opacity(90)
    panel.max_data_points(points).interval(interval)
    panel.legend(common_builders.VizLegendOptions().show_legend(show_legend=True))
    return _framed(panel.build(), frame, [Query(sql)])


def bars(frame: Frame, sql: str, *, over: str, upright: bool = False) -> Panel:
    """Return a bar for each row, named by column *over*: a Pareto, or *upright* a histogram."""
    panel = bar_builder.Panel()
    panel.x_field(over)
    panel.orientation(
        common.VizOrientation.VERTICAL if upright else common.VizOrientation.HORIZONTAL
    )
    panel.color_scheme(
        builders.FieldColor().mode(dashboard.FieldColorModeId.FIXED).fixed_color(palette.LIMIT)
    )
    panel.fill_opacity(80).line_width(0)
    panel.legend(common_builders.VizLegendOptions().show_legend(show_legend=False))
    return _framed(panel.build(), frame, [Query(sql, table=True)])


def table(
    frame: Frame, sql: str, *, columns: Mapping[str, Sequence[Property]] | None = None
) -> Panel:
    """Return rows as they come; *columns* are properties by column name."""
    panel = table_builder.Panel()
    for name, properties in (columns or {}).items():
        panel.override_by_name(name, list(properties))
    return _framed(panel.build(), frame, [Query(sql, table=True)])


def unit(name: str) -> Property:
    """Return the unit of one series or column."""
    return Property("unit", name)


def colour(value: str) -> Property:
    """Return a fixed colour for one series."""
    return Property("color", {"mode": "fixed", "fixedColor": value})


def dashed() -> Property:
    """Return the line style of limits."""
    return Property("custom.lineStyle", {"fill": "dash", "dash": [6, 6]})


def band_down_to(series: str) -> list[Property]:
    """Return what makes a series the upper edge of a band, whose lower edge is *series*."""
    return [
        Property("custom.fillBelowTo", series),
        Property("custom.fillOpacity", 25),
        Property("custom.lineWidth", 0),
        colour(palette.BAND),
    ]


def band_edge() -> list[Property]:
    """Return what makes a series the invisible lower edge of a band."""
    return [Property("custom.lineWidth", 0), colour(palette.BAND)]


def right_axis() -> Property:
    """Return what gives a series an axis of its own, on the right."""
    return Property("custom.axisPlacement", "right")


def hide_series() -> Property:
    """Return what keeps a series out of the picture."""
    return Property("custom.hideFrom", {"viz": True, "legend": True, "tooltip": True})


def linked(title: str, url: str) -> Property:
    """Return what makes the cells of a column lead to *url*."""
    return Property("links", [_link(title, url)])


def hidden() -> Property:
    """Return what keeps a column out of sight, such as a key that only a link needs."""
    return Property("custom.hidden", value=True)


def from_low_to_high() -> list[Property]:
    """Return what gives the numbers of a column a ground between its lowest and its highest."""
    return [
        Property("color", {"mode": "continuous-BlPu"}),
        Property("custom.cellOptions", {"type": "color-background", "mode": "basic"}),
    ]


def above(limit: float, colour_above: str) -> list[Property]:
    """Return what gives the numbers of a column that reach *limit* a ground."""
    steps = [{"value": None, "color": palette.NORMAL}, {"value": limit, "color": colour_above}]
    return [
        Property("thresholds", {"mode": "absolute", "steps": steps}),
        Property("color", {"mode": "thresholds"}),
        Property("custom.cellOptions", {"type": "color-background", "mode": "basic"}),
    ]


def ground(words: dict[str, tuple[str, str]]) -> list[Property]:
    """Return what gives the cells of a column the ground of their word."""
    return [
        Property("mappings", [_mapping(words)]),
        Property("custom.cellOptions", {"type": "color-background", "mode": "basic"}),
    ]


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


def arranged(*rows: tuple[int, Sequence[tuple[int, Panel]]]) -> list[Panel]:
    """Return the panels of *rows* (height, and width and panel from left to right), placed.

    They are numbered from 1.
    """
    placed: list[Panel] = []
    y = 0
    for height, row in rows:
        x = 0
        for width, panel in row:
            panel.id_val = len(placed) + 1
            panel.grid_pos = dashboard.GridPos(x=x, y=y, w=width, h=height)
            placed.append(panel)
            x += width
        y += height
    return placed


def regions(name: str, sql: str, panels: Sequence[Panel], colour: str) -> Region:
    """Return marked stretches of time (`time`, `timeend`, `text`, `tags`) on these panels."""
    return Region(
        name=name,
        datasource=SOURCE,
        icon_color=colour,
        filter_val=dashboard.AnnotationPanelFilter(ids=[_number(panel) for panel in panels]),
        target=Query(sql, table=True, ref="Anno"),
    )


def board(
    uid: str,
    title: str,
    description: str,
    *,
    panels: Sequence[Panel],
    variables: Sequence[Variable],
    annotations: Sequence[Region] = (),
    since: str,
) -> Board:
    """Return a dashboard that nobody can edit by accident; it refreshes every 30 seconds.

    It leads to all other boards of ours, with what is chosen and the time.
    """
    return Board(
        uid=uid,
        title=title,
        description=description,
        tags=["jellyroll"],
        timezone="browser",
        editable=False,
        graph_tooltip=dashboard.DashboardCursorSync.CROSSHAIR,
        time=dashboard.DashboardDashboardTime(from_val=since, to="now"),
        timepicker=dashboard.TimePickerConfig(refresh_intervals=["30s", "1m", "5m", "15m"]),
        refresh="30s",
        links=[
            dashboard.DashboardLink(
                title="Jellyroll",
                type_val=dashboard.DashboardLinkType.DASHBOARDS,
                tags=["jellyroll"],
                as_dropdown=True,
                include_vars=True,
                keep_time=True,
            ),
            dashboard.DashboardLink(
                title="Plant overview",
                type_val=dashboard.DashboardLinkType.LINK,
                icon="dashboard",
                url="/d/jr-overview",
                keep_time=False,
            ),
            dashboard.DashboardLink(
                title="Alerts",
                type_val=dashboard.DashboardLinkType.LINK,
                icon="bolt",
                url="${web}/alerts",
                target_blank=True,
            ),
        ],
        panels=list(panels),
        templating=dashboard.DashboardDashboardTemplating(list(variables)),
        annotations=dashboard.AnnotationContainer(list(annotations)),
    )


def text_of(content: Board) -> str:
    """Return the dashboard as JSON: the same text each time for the same dashboard."""
    return json.dumps(content, cls=JSONEncoder, sort_keys=True, indent=2, ensure_ascii=False) + "\n"


def _framed(panel: Panel, frame: Frame, queries: Sequence[Query]) -> Panel:
    panel.title = frame.title
    panel.description = frame.description
    panel.datasource = SOURCE
    panel.targets = list(queries)
    config = panel.field_config or dashboard.FieldConfigSource()
    config.defaults.unit = frame.unit
    config.defaults.no_value = frame.no_value
    panel.field_config = config
    return panel


def _number(panel: Panel) -> int:
    if not panel.id_val:
        raise ValueError(f"panel {panel.title!r} has no place yet; arrange it first")
    return panel.id_val


def _link(title: str, url: str) -> dict[str, object]:
    return {"title": title, "url": url, "targetBlank": "${web}" in url}


def _steps(base: str, thresholds: Sequence[tuple[float, str]]) -> builders.ThresholdsConfig:
    steps = [dashboard.Threshold(value=None, color=base)]
    steps += [dashboard.Threshold(value=value, color=colour) for value, colour in thresholds]
    return builders.ThresholdsConfig().mode(dashboard.ThresholdsMode.ABSOLUTE).steps(steps)


def _mapping(words: dict[str, tuple[str, str]]) -> dashboard.ValueMap:
    return dashboard.ValueMap(
        {
            value: dashboard.ValueMappingResult(text=text, color=colour, index=index)
            for index, (value, (text, colour)) in enumerate(words.items())
        }
    )
