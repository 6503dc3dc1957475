"""`jellyroll replay`: real measurements over MQTT, in their own rhythm."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import orjson
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from plant.broker import BrokerAddress
from plant.load import load_plant
from plant.options import DEFAULT_PLANT, BrokerUrl, Json, PlantFile
from plant.times import from_us, to_us
from simulator.courier import Courier
from simulator.cycler import read_recording
from simulator.recording import Recording
from simulator.replay import Message, ReplayError, Seat, check_window, find_seat, messages

#: 256 channels of 3 signals make 4 kB a row: a block stays far below a payload's limit.
_ROWS_PER_BLOCK = 100
_PATIENCE_S = 30.0


@dataclass(frozen=True, slots=True)
class Report:
    """What was published; *unheard* messages reached the broker, but nobody had subscribed."""

    file: str
    format: str
    cell: str
    equipment: str
    channel: int
    topic: str
    samples: int
    published: int
    messages: int
    unheard: int
    moved: int
    first_time: str
    last_time: str


def replay(
    file: Annotated[
        Path,
        typer.Argument(exists=True, dir_okay=False, readable=True, help="The cycler's export."),
    ],
    *,
    broker: BrokerUrl,
    equipment: Annotated[
        str | None,
        typer.Option(help="The tray to replay as; the plant's first one if not given."),
    ] = None,
    channel: Annotated[int, typer.Option(min=1, help="The channel of the tray, from 1.")] = 1,
    speed: Annotated[
        float,
        typer.Option(min=0, help="How many times faster than it was; 0 is as fast as possible."),
    ] = 1.0,
    start: Annotated[
        str,
        typer.Option(help="When the first sample is: now, original, or a time with its zone."),
    ] = "now",
    plant: PlantFile = DEFAULT_PLANT,
    json: Json = False,
) -> None:
    """Publish a cycler's recording over MQTT as one channel of a formation tray.

    FILE is a Novonix or Maccor export, or CSV with the columns time_s,
    voltage_v, current_a and, if measured, temperature_cel.

    Samples keep their values and their spacing. At --speed 1 the recording
    begins now, and each sample is a message of its own. At any other speed
    only the publishing is faster or slower, the times are not: the recording
    then ends now, since ingest refuses times ahead of the clock. At --speed 0
    samples go in blocks. --start original takes the cycler's own dates, read
    in the plant's time zone.

    Ctrl-C ends the replay once what was sent has arrived.

    Example: jellyroll replay cell.csv --channel 17 --speed 0
    """
    try:
        address = BrokerAddress.parse(broker)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--broker") from error
    model = load_plant(plant)
    recording = read_recording(file, ZoneInfo(model.site.time_zone))
    seat = find_seat(model, equipment, channel)
    now_us = time.time_ns() // 1000
    start_us = _start_us(start, recording, speed, now_us)
    check_window(model, recording, start_us, speed, now_us)
    with (
        _stopped_by_signals() as stop,
        Courier(address) as courier,
        Progress(
            TextColumn(f"{seat.equipment} channel {seat.channel}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            disable=json,
        ) as progress,
    ):
        task = progress.add_task("", total=len(recording))
        plan = messages(recording, seat, start_us, _ROWS_PER_BLOCK if speed == 0 else 1)
        published = _publish(
            plan,
            seat.topic,
            courier,
            speed=speed,
            stop=stop,
            advance=lambda rows: progress.advance(task, rows),
        )
    _show(_report(recording, seat, start_us, published, courier), json=json)


def _start_us(start: str, recording: Recording, speed: float, now_us: int) -> int:
    """Return when the first sample is to be, in microseconds since the epoch."""
    if start == "now":
        # Whole milliseconds keep times that are such in the recording.
        now_us -= now_us % 1000
        return now_us if speed == 1 else now_us - recording.duration_us
    if start == "original":
        if recording.started is None:
            raise ReplayError(f"{recording.name} does not say when it was; give --start a time")
        return to_us(recording.started)
    try:
        moment = datetime.fromisoformat(start)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        problem = f"{start!r} is none of now, original, a time such as 2026-11-22T08:30:00Z"
        raise typer.BadParameter(problem, param_hint="--start")
    return to_us(moment)


def _publish(
    plan: Iterator[Message],
    topic: str,
    courier: Courier,
    *,
    speed: float,
    stop: threading.Event,
    advance: Callable[[int], None],
) -> int:
    """Send each message when it is due, until *stop*; return the number of samples sent.

    All that was sent has been acknowledged then.
    """
    published = 0
    begun_s = time.monotonic()
    for message in plan:
        wait_s = begun_s + message.due_us / speed / 1e6 - time.monotonic() if speed else 0.0
        if stop.wait(wait_s) if wait_s > 0 else stop.is_set():
            break
        if not courier.send(topic, message.payload, stop):
            break
        published += message.rows
        advance(message.rows)
    courier.drain(_PATIENCE_S)
    return published


@contextmanager
def _stopped_by_signals() -> Iterator[threading.Event]:
    """Yield an event that SIGINT and SIGTERM set."""
    stop = threading.Event()
    kept = {
        number: signal.signal(number, lambda *_: stop.set())
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield stop
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)


def _report(
    recording: Recording, seat: Seat, start_us: int, published: int, courier: Courier
) -> Report:
    last = max(published - 1, 0)
    last_us = start_us + int(recording.time_us[last] - recording.time_us[0])
    return Report(
        file=recording.name,
        format=recording.source,
        cell=recording.cell,
        equipment=seat.equipment,
        channel=seat.channel,
        topic=seat.topic,
        samples=len(recording),
        published=published,
        messages=courier.acknowledged,
        unheard=courier.unheard,
        moved=recording.moved,
        first_time=from_us(start_us).isoformat(),
        last_time=from_us(last_us).isoformat(),
    )


def _show(report: Report, *, json: bool) -> None:
    if json:
        typer.echo(orjson.dumps(asdict(report)))
        return
    console = Console(highlight=False, soft_wrap=True)
    console.print(
        f"{report.published:,} of {report.samples:,} samples of cell {report.cell}"
        f" ({report.format}) in {report.messages:,} messages on {report.topic}, all acknowledged;"
        f" {report.first_time} to {report.last_time}"
    )
    if report.moved:
        console.print(
            f"{report.moved:,} samples said the same time as the one before and stand a"
            " microsecond after it"
        )
    if report.unheard:
        console.print(
            f"{report.unheard:,} messages had no subscriber and are gone: start `jellyroll ingest`"
            " and replay again"
        )
