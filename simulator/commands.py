"""`jellyroll simulate`."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

from plant.broker import BrokerAddress
from plant.load import load_plant
from plant.model import Plant
from plant.options import DEFAULT_PLANT, BrokerUrl, Json, PlantFile
from simulator.backlog import Backlog
from simulator.clock import WallClock
from simulator.courier import Courier
from simulator.duration import parse_duration
from simulator.faults import parse_fault
from simulator.line import Line
from simulator.message import Message
from simulator.report import JsonReporter, Receipt, Reporter, ScreenReporter
from simulator.run import Phase, Plan, Run
from simulator.truth import check_truth, write_truth

#: At the end: the patience from one acknowledgement to the next.
_DRAIN_S = 30.0
_DAY_MS = 86_400_000
#: The rolls and slurries of the first cells are older than the history.
_MATERIAL_D = 10


def _duration(text: str | int) -> int:
    if isinstance(text, int):  # a default comes as it is
        return text
    try:
        return parse_duration(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def simulate(
    *,
    plant_file: PlantFile = DEFAULT_PLANT,
    broker_url: BrokerUrl = "mqtt://127.0.0.1:1883",
    lines: Annotated[
        int | None, typer.Option(min=1, help="Only the first so many lines of the plant.")
    ] = None,
    history: Annotated[
        int, typer.Option(parser=_duration, metavar="DURATION", help="Begin so long ago: 3d, 12h.")
    ] = 0,
    history_period: Annotated[
        int,
        typer.Option(
            parser=_duration,
            metavar="DURATION",
            show_default="1m",
            help="In the history machines sample no faster than this; wide trays still slower.",
        ),
    ] = 60_000,
    speed: Annotated[
        float, typer.Option(min=0.001, help="Live time passes so many times faster.")
    ] = 1.0,
    fault: Annotated[
        list[str] | None,
        typer.Option(
            help="A fault from the beginning of live, or from when to when: "
            "F12:nozzle=3@+10m..+2h. All of them: docs/faults.md."
        ),
    ] = None,
    truth: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.parquet",
            help="At the end write here which cells the faults touched; needs jellyroll[parquet].",
        ),
    ] = None,
    truth_database: Annotated[
        str | None,
        typer.Option(metavar="URL", help="At the end write it to the table sim.truth here, too."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Another seed, another line.")] = 1,
    until_live: Annotated[
        bool, typer.Option("--until-live", help="Stop when the history is done.")
    ] = False,
    duration: Annotated[
        int | None,
        typer.Option(
            parser=_duration, metavar="DURATION", help="Stop so long after live began: 15m."
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Publish what the machines of a plant would: a history first, then live.

    Example: three days of history, then live with nozzle 3 of the filler dosing 6 % short:

        jellyroll simulate --history 3d --fault F12:nozzle=3

    SIGTERM and Ctrl-C end it when all that was sent is acknowledged.
    """
    check_truth(truth, truth_database)
    plant = load_plant(plant_file)
    faults = tuple(parse_fault(text, plant) for text in fault or ())
    _check_history(history, plant)
    plan = Plan(history, history_period, speed, until_live, duration, faults)
    chosen = _lines(plant, lines, seed)
    address = _address(broker_url)
    stop = threading.Event()
    with _stopping(stop), Courier(address) as courier, Backlog(address) as backlog:
        reporter = _reporter(courier, as_json=as_json)

        def send(message: Message) -> bool:
            if run.progress.phase is Phase.HISTORY:
                backlog.wait(stop)
            return not stop.is_set() and courier.send(message.topic, message.payload, stop)

        run = Run(chosen, plan, WallClock(stop), send, reporter)
        with reporter:
            progress = run.go()
            courier.drain(_DRAIN_S)
            reporter.final(progress)
    write_truth(chosen, progress, truth, truth_database)


def _check_history(history_ms: int, plant: Plant) -> None:
    most_d = plant.intake.max_lateness_d - _MATERIAL_D
    if history_ms > most_d * _DAY_MS:
        raise typer.BadParameter(
            f"at most {most_d:g}d: ingest takes nothing older than {plant.intake.max_lateness_d:g} "
            f"days (intake.max_lateness_d of the plant file), and the first rolls are made up to "
            f"{_MATERIAL_D} days before",
            param_hint="--history",
        )


def _lines(plant: Plant, count: int | None, seed: int) -> list[Line]:
    names = plant.production.lines
    if count is not None and count > len(names):
        raise typer.BadParameter(f"the plant has {len(names)} lines", param_hint="--lines")
    return [Line(plant, name, seed) for name in names[:count]]


def _address(url: str) -> BrokerAddress:
    try:
        return BrokerAddress.parse(url)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--broker") from error


def _reporter(courier: Courier, *, as_json: bool) -> Reporter:
    kind = JsonReporter if as_json else ScreenReporter
    return kind(lambda: Receipt(courier.acknowledged, courier.unheard))


@contextlib.contextmanager
def _stopping(stop: threading.Event) -> Iterator[None]:
    """Let SIGTERM and SIGINT set *stop*; a second one ends the program at once."""

    def on_signal(number: int, _frame: FrameType | None) -> None:
        stop.set()
        signal.signal(number, signal.SIG_DFL)

    before = {
        number: signal.signal(number, on_signal) for number in (signal.SIGTERM, signal.SIGINT)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
