"""`jellyroll simulate`."""

from __future__ import annotations

import contextlib
import logging
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
from plant.stopping import aside
from simulator.backlog import Backlog
from simulator.clock import WallClock
from simulator.courier import Courier
from simulator.duration import parse_duration
from simulator.faults import parse_fault
from simulator.formation import without_curves
from simulator.line import Line
from simulator.message import Message
from simulator.operation import CHANGEOVER_MS, Operation
from simulator.out import SimulatedClock, TableFolder
from simulator.report import JsonReporter, Receipt, Reporter, ScreenReporter
from simulator.run import Phase, Plan, Progress, Run
from simulator.samples import Form, SampleLine
from simulator.scale import scaled
from simulator.schedule import parse_schedule
from simulator.sparkplug_courier import SparkplugCourier
from simulator.truth import check_truth, write_truth

log = logging.getLogger("jellyroll.simulator")

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
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="No broker: rows into Parquet files here, as fast as possible;"
            " needs jellyroll[parquet].",
        ),
    ] = None,
    lines: Annotated[
        int | None, typer.Option(min=1, help="Only the first so many lines of the plant.")
    ] = None,
    scale: Annotated[
        float,
        typer.Option(
            min=0.001, max=100, help="So many times the cells a second; below 1 fewer machines."
        ),
    ] = 1.0,
    form: Annotated[
        Form,
        typer.Option(
            help="JSON with blocks of rows or with single rows; or Sparkplug B, which has QoS 0."
        ),
    ] = Form.BLOCKS,
    curves: Annotated[
        bool, typer.Option(help="Trays publish voltage, current and temperature of each channel.")
    ] = True,
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
    stops: Annotated[
        bool,
        typer.Option(help="Lines and machines stop, for maintenance, reels, tools and breakdowns."),
    ] = True,
    scrap: Annotated[
        bool, typer.Option(help="A cell that has failed leaves the line and has no later results.")
    ] = True,
    recipes: Annotated[
        str | None,
        typer.Option(
            metavar="NAME:DURATION,…",
            help="Recipes in turns since 2020, such as vehicle:5d,storage:2d; else only the first.",
        ),
    ] = None,
    changeover: Annotated[
        int,
        typer.Option(
            parser=_duration,
            metavar="DURATION",
            show_default="45m",
            help="How long the line stands from one recipe to the next.",
        ),
    ] = CHANGEOVER_MS,
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
    plant = scaled(load_plant(plant_file), scale)
    if not curves:
        plant = without_curves(plant)
    faults = tuple(parse_fault(text, plant) for text in fault or ())
    schedule = parse_schedule(recipes, plant, changeover) if recipes else None
    operation = Operation(stops, scrap, schedule, changeover)
    kind = SampleLine if form is Form.SAMPLES else Line
    chosen = _lines(plant, lines, seed, operation, kind)
    stop = threading.Event()
    with _stopping(stop):
        if out is not None:
            if not history and duration is None:
                raise typer.BadParameter("it needs --history or --duration", param_hint="--out")
            if form is Form.SPARKPLUG:
                raise typer.BadParameter(
                    "--out writes rows: leave --form away", param_hint="--form"
                )
            until_live = until_live or duration is None
            plan = Plan(history, history_period, 1.0, until_live, duration, faults)
            progress = _to_tables(out, plant, chosen, plan, stop, as_json=as_json)
        else:
            _check_history(history, plant)
            plan = Plan(history, history_period, speed, until_live, duration, faults)
            address = _address(broker_url)
            courier = (
                SparkplugCourier(address, plant) if form is Form.SPARKPLUG else Courier(address)
            )
            progress = _to_broker(courier, address, chosen, plan, stop, as_json=as_json)
    write_truth(chosen, progress, truth, truth_database)


def _to_broker(
    courier: Courier,
    address: BrokerAddress,
    lines: list[Line],
    plan: Plan,
    stop: threading.Event,
    *,
    as_json: bool,
) -> Progress:
    with courier, Backlog(address) as backlog:
        reporter = _reporter(courier, as_json=as_json)

        def send(message: Message) -> bool:
            if run.progress.phase is Phase.HISTORY:
                backlog.wait(stop)
            return not stop.is_set() and courier.send(message.topic, message.payload, stop)

        run = Run(lines, plan, WallClock(stop), send, reporter)
        with reporter:
            progress = run.go()
            courier.drain(_DRAIN_S)
            reporter.final(progress)
    return progress


def _to_tables(
    folder: Path,
    plant: Plant,
    lines: list[Line],
    plan: Plan,
    stop: threading.Event,
    *,
    as_json: bool,
) -> Progress:
    with TableFolder(folder, plant) as tables:
        kind = JsonReporter if as_json else ScreenReporter
        reporter = kind()

        def send(message: Message) -> bool:
            tables.add(message)
            return not stop.is_set()

        run = Run(lines, plan, SimulatedClock(plan.duration_ms or 0), send, reporter)
        with reporter:
            progress = run.go()
            reporter.final(progress)
    if tables.unreadable:
        log.warning("%d messages that faults have spoilt have no rows", tables.unreadable)
    return progress


def _check_history(history_ms: int, plant: Plant) -> None:
    most_d = plant.intake.max_lateness_d - _MATERIAL_D
    if history_ms > most_d * _DAY_MS:
        raise typer.BadParameter(
            f"at most {most_d:g}d: ingest takes nothing older than {plant.intake.max_lateness_d:g} "
            f"days (intake.max_lateness_d of the plant file), and the first rolls are made up to "
            f"{_MATERIAL_D} days before",
            param_hint="--history",
        )


def _lines(
    plant: Plant, count: int | None, seed: int, operation: Operation, kind: type[Line]
) -> list[Line]:
    names = plant.production.lines
    if count is not None and count > len(names):
        raise typer.BadParameter(f"the plant has {len(names)} lines", param_hint="--lines")
    return [kind(plant, name, seed, operation) for name in names[:count]]


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
    handle = aside(stop.set)

    def on_signal(number: int, frame: FrameType | None) -> None:
        handle(number, frame)
        signal.signal(number, signal.SIG_DFL)

    before = {
        number: signal.signal(number, on_signal) for number in (signal.SIGTERM, signal.SIGINT)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
