"""What the terminal shows while the demo runs: grey while normal, colour only for abnormal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from demo.result import Balance
from demo.simulation import SimulatorReport

_STYLE_OF_HEALTH = {"alert": "bold red", "suspected": "magenta", "stale": "yellow"}


@dataclass(frozen=True, slots=True)
class StationHealth:
    """One row of the screen, from dash.station_health; None where nothing came for an hour."""

    title: str
    health: str
    values_per_s: float
    data_age_s: float | None


@dataclass(frozen=True, slots=True)
class View:
    """Everything that is on the screen."""

    step: str
    report: SimulatorReport | None = None
    stations: Sequence[StationHealth] = ()
    alerts: Sequence[str] = ()
    webhooks: Sequence[str] = ()
    balance: Balance = field(default_factory=lambda: Balance(0, 0, 0, 0))


class Screen:
    """Shows views: a live screen on a terminal, else one line at each new step."""

    def __init__(self) -> None:
        self._console = Console(stderr=True)
        self._live = Live(console=self._console, refresh_per_second=4, transient=False)
        self._step = ""

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def say(self, line: str) -> None:
        """Print a line that stays."""
        self._console.print(line, highlight=False, soft_wrap=True)

    def show(self, view: View) -> None:
        """Show *view* in place of the one before."""
        if self._console.is_terminal:
            self._live.update(render(view))
        elif view.step != self._step:
            self._console.print(view.step, highlight=False)
        self._step = view.step


def render(view: View) -> RenderableType:
    """Return *view* for the terminal."""
    parts: list[RenderableType] = [Text(view.step, style="bold"), _totals(view)]
    if view.stations:
        parts.append(_stations(view.stations))
    parts += [Text(f"alert    {alert}", style="bold red") for alert in view.alerts]
    parts += [Text(f"webhook  {webhook}") for webhook in view.webhooks]
    return Group(*parts)


def _stations(stations: Sequence[StationHealth]) -> Table:
    table = Table(box=None, padding=(0, 2), header_style="dim")
    table.add_column("station")
    table.add_column("health")
    table.add_column("values/s", justify="right")
    table.add_column("data age", justify="right")
    for station in stations:
        age = "none for an hour" if station.data_age_s is None else f"{station.data_age_s:.0f} s"
        health = Text(station.health, style=_STYLE_OF_HEALTH.get(station.health, ""))
        table.add_row(station.title, health, f"{station.values_per_s:,.0f}", age)
    return table


def _totals(view: View) -> Text:
    published = view.report.rows if view.report else 0
    ledger = view.balance
    text = Text(f"published {published:,} rows, committed {ledger.rows:,}, dead-lettered ")
    text.append(f"{ledger.dead_letters:,}", style="yellow" if ledger.dead_letters else "")
    text.append(f", duplicate {ledger.duplicates:,}")
    if view.report and view.report.phase == "history":
        text.append(f"; simulated {view.report.time:%Y-%m-%d %H:%M} UTC")
    return text
