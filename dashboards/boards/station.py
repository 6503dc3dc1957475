"""Station: its results and signals against their limits, and what the models make of them."""

from __future__ import annotations

from dashboards import palette, panels
from dashboards.boards.shared import LINES, MACHINES, POINTS, first_choices
from dashboards.panels import Board, Frame, Panel, Property, Query, Variable
from dashboards.sql import RESULT_BAND, RESULT_SUMS, SIGNAL_BAND, query
from plant.model import Plant

NEEDS: frozenset[str] = frozenset()

_SIGNALS = f"""{LINES}
  AND station IN (${{station:sqlstring}})
  AND characteristic IN (${{signal:sqlstring}})
  AND equipment IN (${{equipment:sqlstring}})"""
_PLACES = f"{MACHINES}\n  AND coalesce(position, 0)::text IN (${{position:sqlstring}})"


def board(plant: Plant) -> Board:
    """Return the board `jr-station`."""
    trend, chart, places, signal = _trend(), _chart(), _by_place(), _signal()
    score, tables = _score(), _tables()
    rows = panels.arranged(
        (9, [(12, trend), (12, chart)]),
        (9, [(12, places), (12, signal)]),
        (8, [(12, tables[0]), (12, tables[1])]),
        (8, [(12, score), (12, tables[2])]),
        (8, [(12, tables[3]), (12, tables[4])]),
    )
    return panels.board(
        "jr-station",
        "Station",
        "Does a station keep its limits, and which machine or position does not?",
        panels=rows,
        variables=[*first_choices(many_lines=False, plant=plant), *_variables(plant)],
        annotations=[
            panels.regions(
                "Anomalies", query("anomalies"), [trend, chart, places], palette.SUSPECTED
            )
        ],
        since="now-6h",
    )


def _variables(plant: Plant) -> list[Variable]:
    name, station = next((n, s) for n, s in plant.stations.items() if s.results)
    result, about = next(iter(station.results.items()))
    signal, of_machine = next(
        ((n, s) for n, s in station.signals.items() if not s.per_position), ("", about)
    )
    return [
        panels.variable("station", "Station", query("all_stations"), first=(station.title, name)),
        panels.variable("equipment", "Machine", query("equipment"), many=True),
        panels.variable("position", "Position", query("positions"), many=True),
        panels.variable(
            "characteristic", "Result", query("results"), first=(about.title, result)
        ),
        panels.variable("signal", "Signal", query("signals"), first=(of_machine.title, signal)),
    ]  # fmt: skip


def _band() -> dict[str, list[Property]]:
    limit = [panels.colour(palette.LIMIT), panels.dashed()]
    return {
        "mean": [panels.colour(palette.LINE)],
        "max": panels.band_down_to("min"),
        "min": panels.band_edge(),
        "lower limit": limit,
        "upper limit": limit,
    }


def _trend() -> Panel:
    return panels.trend(
        Frame(
            title="${characteristic:text}", unit="none", no_value="No cell in this time",
            description="Mean of the chosen machines and positions with the band from minimum to "
            "maximum, and the limits of the plant model. Violet: an excursion that a model "
            "suspects.",
        ),
        [Query(f"{RESULT_BAND.query(_PLACES)}\nORDER BY 1"), Query(query("limits"), ref="B")],
        overrides=_band(),
    )  # fmt: skip


def _chart() -> Panel:
    limit = [panels.colour(palette.LIMIT), panels.dashed()]
    return panels.trend(
        Frame(
            title="Control chart: ${characteristic:text}", unit="none",
            no_value="No cell in this time",
            description="Mean of each bucket against the baseline that the model has learnt, and "
            "three standard deviations of a single cell around it. Where several machines or "
            "positions are chosen, the mean of their baselines.",
        ),
        [Query(f"{RESULT_BAND.query(_PLACES)}\nORDER BY 1"), Query(query("model_limits"), ref="B")],
        overrides={
            "min": [panels.hide_series()],
            "max": [panels.hide_series()],
            "baseline": [panels.colour(palette.LINE_FAINT)],
            "baseline - 3 sd": limit,
            "baseline + 3 sd": limit,
        },
    )  # fmt: skip


def _by_place() -> Panel:
    bucketed = RESULT_SUMS.query(_PLACES, by="concat_ws(' · ', equipment, position) AS place")
    return panels.trend(
        Frame(
            title="${characteristic:text}: the eight places farthest from the mean", unit="none",
            no_value="No cell in this time",
            description="Mean per machine and position (nozzle, lane, channel), for the eight "
            "whose mean over the chosen time is farthest from that of all.",
        ),
        [Query(query("by_place").replace("{bucketed}", bucketed))],
        points=POINTS,
    )  # fmt: skip


def _signal() -> Panel:
    return panels.trend(
        Frame(
            title="${signal:text}", unit="none", no_value="No sample in this time",
            description="A signal of the chosen machines: mean, the band from minimum to maximum, "
            "and the limits of the plant model.",
        ),
        [
            Query(f"{SIGNAL_BAND.query(_SIGNALS)}\nORDER BY 1"),
            Query(query("signal_limits"), ref="B"),
        ],
        overrides=_band(),
    )  # fmt: skip


def _score() -> Panel:
    return panels.trend(
        Frame(
            title="Score of all signals together, of its limit", unit="percentunit",
            no_value="No model watched the signals of these machines in this time",
            description="How near its limit the multivariate statistic of each machine came; "
            "from 100 % on it alarms.",
        ),
        [Query(query("score_trend"))],
        points=POINTS, interval="1m", limits=(None, 1),
    )  # fmt: skip


def _tables() -> list[Panel]:
    share = {"of its limit": [panels.unit("percentunit"), *panels.above(1, palette.SUSPECTED)]}
    return [
        panels.table(
            Frame(
                title="Capability of ${characteristic:text}", unit="none",
                no_value="No cell in this time",
                description="Cpk with the spread within an hour of one place, Ppk with the whole "
                "spread of the chosen time; the least capable place first.",
            ),
            query("capability"),
        ),
        panels.table(
            Frame(
                title="Charts of ${characteristic:text}", unit="none",
                no_value="No chart yet: the model learns, or does not watch this",
                description="The CUSUM of each place as a share of its limit; from 100 % on it "
                "alarms.",
            ),
            query("charts"), columns=share,
        ),
        panels.table(
            Frame(
                title="Score of all signals together", unit="none",
                no_value="No model watches the signals of these machines",
                description="The multivariate statistic of each machine and the limit that its "
                "model uses.",
            ),
            query("scores"), columns=share,
        ),
        panels.table(
            Frame(
                title="Excursions and their first suspect", unit="none",
                no_value="No excursion in this time",
                description="What models saw at the chosen machines, the latest first.",
            ),
            query("station_anomalies"),
        ),
        panels.table(
            Frame(
                title="What excursions of several signals are made of", unit="none",
                no_value="No such excursion in this time",
                description="The share of each signal in the statistic, and what was expected.",
            ),
            query("contributions"), columns={"share": [panels.unit("percentunit")]},
        ),
    ]  # fmt: skip
