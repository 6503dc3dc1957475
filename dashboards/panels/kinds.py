"""The kinds of panels: stat, trend, states, bars, table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dashboards import palette
from dashboards.panels.looks import linked, mapping
from dashboards.panels.query import Frame, Query
from dashboards.panels.sdk import (
    SOURCE,
    Panel,
    Property,
    bar_builder,
    builders,
    common,
    common_builders,
    dashboard,
    stat_builder,
    state_builder,
    table_builder,
    trend_builder,
)

_TILES = 500


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
        panel.mappings([mapping(words)])
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
    panel.mappings([mapping({str(code): word for code, word in codes.items()})])
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


def _steps(base: str, thresholds: Sequence[tuple[float, str]]) -> builders.ThresholdsConfig:
    steps = [dashboard.Threshold(value=None, color=base)]
    steps += [dashboard.Threshold(value=value, color=colour) for value, colour in thresholds]
    return builders.ThresholdsConfig().mode(dashboard.ThresholdsMode.ABSOLUTE).steps(steps)
