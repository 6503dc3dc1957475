"""`jellyroll record`: any topics of any broker to a capture."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.console import Console
from rich.live import Live
from rich.text import Text

from plant.broker import BrokerAddress
from plant.options import BrokerUrl, Json
from simulator.capture_writer import CaptureWriter
from simulator.duration import parse_duration
from simulator.record import Recorder, check_filter
from simulator.stopping import stopped_by_signals

#: What arrived is on the disk so soon; a kill or a power failure costs no more than this.
_WRITE_EACH_S = 0.25
_SIZES = {"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}


@dataclass(slots=True)
class Recorded:
    """What was heard: *bytes* are payloads, *size_bytes* is what the capture takes on the disk."""

    filter: str
    file: str
    messages: int = 0
    bytes: int = 0
    size_bytes: int = 0
    seconds: float = 0.0


def _size(text: str) -> int:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kKMGT]?B?)", text)
    if match is None or match[2].upper() not in _SIZES:
        raise typer.BadParameter(f"{text!r} is no size; write 500MB, 2GB or bytes")
    return round(float(match[1]) * _SIZES[match[2].upper()])


def _duration_s(text: str) -> float:
    try:
        return parse_duration(text) / 1000
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def record(
    topic_filter: Annotated[
        str, typer.Argument(metavar="FILTER", help="The topics, as MQTT filters: v1/acme/#.")
    ],
    file: Annotated[Path, typer.Argument(help="The capture, a folder; made, or continued.")],
    *,
    broker: BrokerUrl,
    duration: Annotated[
        float | None,
        typer.Option(parser=_duration_s, metavar="DURATION", help="Stop after so long: 15m."),
    ] = None,
    max_size: Annotated[
        int | None,
        typer.Option(parser=_size, metavar="SIZE", help="Stop when so much disk is used: 2GB."),
    ] = None,
    json: Json = False,
) -> None:
    """Record all messages of a topic filter, untouched, into a capture that `replay` plays.

    Kept are payload, topic, QoS, retain flag, MQTT 5 properties, and the time
    of arrival to the microsecond. FILE is a folder of Parquet segments; a kill
    costs at most the last second. Recording to the same FILE again continues
    it. Ctrl-C ends it.

    Example: jellyroll record 'v1/acme/#' tuesday.capture --duration 8h
    """
    try:
        address = BrokerAddress.parse(broker)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--broker") from error
    try:
        recorded = Recorded(check_filter(topic_filter), str(file))
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="FILTER") from error
    console = Console(stderr=True)
    with stopped_by_signals() as stop, CaptureWriter(file) as writer:
        with (
            Recorder(address, recorded.filter) as recorder,
            Live(console=console, refresh_per_second=4, transient=True) as live,
        ):
            _run(recorder, writer, recorded, stop, duration_s=duration, max_bytes=max_size,
                 show=lambda text: None if json else live.update(Text(text)))  # fmt: skip
        _keep(recorder, writer, recorded)
    recorded.size_bytes = writer.size_bytes
    if json:
        typer.echo(orjson.dumps(asdict(recorded)))
        return
    Console(highlight=False, soft_wrap=True).print(
        f"{recorded.messages:,} messages, {recorded.bytes:,} bytes in {recorded.seconds:,.1f} s to"
        f" {file} ({recorded.size_bytes:,} bytes)"
    )


def _run(
    recorder: Recorder,
    writer: CaptureWriter,
    recorded: Recorded,
    stop: threading.Event,
    *,
    duration_s: float | None,
    max_bytes: int | None,
    show: Callable[[str], None],
) -> None:
    """Write what *recorder* hears until *stop*, the end of *duration_s* or *max_bytes*."""
    begun_s = time.monotonic()
    rate, seen, seen_s = 0.0, 0, begun_s
    while not stop.is_set():
        recorded.seconds = time.monotonic() - begun_s
        left_s = _WRITE_EACH_S if duration_s is None else duration_s - recorded.seconds
        if left_s <= 0 or (max_bytes is not None and writer.size_bytes >= max_bytes):
            return
        stop.wait(min(left_s, _WRITE_EACH_S))
        _keep(recorder, writer, recorded)
        now_s = time.monotonic()
        if now_s - seen_s >= 1.0:
            rate = (recorded.messages - seen) / (now_s - seen_s)
            seen, seen_s = recorded.messages, now_s
        show(
            f"{recorded.messages:,} messages  {recorded.bytes:,} bytes  {rate:,.0f} messages/s"
            f"  {writer.size_bytes:,} bytes on disk"
        )


def _keep(recorder: Recorder, writer: CaptureWriter, recorded: Recorded) -> None:
    heard = recorder.take()
    writer.write(heard)
    recorded.messages += len(heard)
    recorded.bytes += sum(len(message.payload) for message in heard)
