"""`jellyroll replay`: what was measured, recorded or stored, over MQTT again."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated, TypeVar

import orjson
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from plant.broker import BrokerAddress
from plant.load import load_plant
from plant.options import DEFAULT_PLANT, BrokerUrl, DatabaseUrl, Json, PlantFile
from plant.times import to_us
from simulator.capture import is_capture
from simulator.duration import parse_duration
from simulator.record import check_filter
from simulator.replay import ReplayError, check_window
from simulator.replay_change import Change, Rename
from simulator.replay_run import Receipt, Replay, Report, to_broker, to_capture
from simulator.replay_source import (
    Source,
    capture_source,
    cycler_source,
    database_source,
    table_source,
)
from simulator.stopping import stopped_by_signals
from storage.connect import connect

_DATABASE = "database"
T = TypeVar("T")


def replay(
    source: Annotated[
        str, typer.Argument(help="A capture, a cycler's export, a table, or the word database.")
    ],
    *,
    broker: BrokerUrl = "mqtt://127.0.0.1:1883",
    out: Annotated[Path | None, typer.Option(help="Write a capture instead of publishing.")] = None,
    speed: Annotated[
        float,
        typer.Option(min=0, help="How many times faster than it was; 0 is as fast as possible."),
    ] = 1.0,
    shift_to: Annotated[
        str | None,
        typer.Option(
            metavar="now|original|TIME",
            help="When it is to begin. A cycler's export: now; all others: as it was.",
            show_default=False,
        ),
    ] = None,
    loop: Annotated[bool, typer.Option("--loop", help="Begin again at the end.")] = False,
    topic_filter: Annotated[
        str, typer.Option("--filter", help="Only these topics, before they are renamed.")
    ] = "#",
    rename: Annotated[
        str | None, typer.Option(metavar="OLD=NEW", help="Another name for a line: l1=l2.")
    ] = None,
    from_: Annotated[
        str | None, typer.Option("--from", metavar="TIME", help="A time, or so long ago: 3d.")
    ] = None,
    to: Annotated[
        str | None, typer.Option(metavar="TIME", help="Up to a time, or so long ago; or now.")
    ] = None,
    line: Annotated[str | None, typer.Option(help="Of a database: only this line.")] = None,
    mapping: Annotated[
        Path | None,
        typer.Option(help="Of a table (CSV, Parquet): the TOML file that says what is what."),
    ] = None,
    equipment: Annotated[
        str | None,
        typer.Option(help="Of a cycler's export: the tray; the plant's first if not given."),
    ] = None,
    channel: Annotated[
        int, typer.Option(min=1, help="Of a cycler's export: the channel, from 1.")
    ] = 1,
    database: DatabaseUrl = "",
    plant: PlantFile = DEFAULT_PLANT,
    json: Json = False,
) -> None:
    """Publish what was recorded, measured or stored, in its own rhythm or faster.

    SOURCE is a capture of `jellyroll record`; a Novonix or Maccor export, or a
    CSV with time_s, voltage_v, current_a; with --mapping any CSV or Parquet
    table; or the word database, with --from, --to and --line.

    Payloads stay as they are but for their times, which --shift-to moves all
    by the same, and names, which --rename changes together with all ids, so
    that a twin stands beside the original line. At --speed 1 what is shifted to
    now begins now; at any other speed it ends now, since ingest refuses times
    ahead of the clock. A message that cannot go when it is due is counted as
    late; more than a second behind is said at once.

    Ctrl-C ends the replay once what was sent has arrived.

    Example: jellyroll replay tuesday.capture --speed 10 --shift-to now
    """
    address = _parsed(BrokerAddress.parse, broker, "--broker")
    _parsed(check_filter, topic_filter, "--filter")
    renamed = _parsed(Rename.parse, rename, "--rename") if rename else None
    now_us = time.time_ns() // 1000
    between = (_moment_us(from_, now_us, "--from"), _moment_us(to, now_us, "--to"))
    receipt = Receipt()
    with stopped_by_signals() as stop, contextlib.ExitStack() as stack:
        if source == _DATABASE:
            found = stack.enter_context(_of_database(database, plant, line, between, now_us))
        else:
            found = _of_file(Path(source), mapping, plant, (equipment, channel), between)
        shift_ms = _shift_ms(found, shift_to, speed, now_us)
        if loop and out is not None:
            raise typer.BadParameter("a capture must come to an end", param_hint="--loop")
        if loop and shift_ms and speed != 1:
            raise typer.BadParameter("with --shift-to it goes at --speed 1", param_hint="--loop")
        if found.kind != "capture" and out is None:
            first_us, last_us = (t + 1000 * shift_ms for t in (found.first_us, found.last_us))
            check_window(load_plant(plant), first_us, last_us, speed, now_us)
        run = Replay(
            found,
            Change(shift_ms, renamed),
            topic_filter,
            speed=0.0 if out else speed,
            blocks_for=1.0 if out else speed,
            loop=loop,
        )
        with (
            _progress(source, json=json) as show,
            to_capture(out, receipt) if out else to_broker(address, stop, receipt) as send,
        ):
            report_of = run.go(send, stop, show)
    report = report_of(receipt)
    if json:
        typer.echo(orjson.dumps({"source": source} | asdict(report) | found.about))
    else:
        _tell(source, report, found, out)


def _parsed(read: Callable[[str], T], text: str, option: str) -> T:
    try:
        return read(text)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint=option) from error


def _moment_us(text: str | None, now_us: int, option: str) -> int | None:
    """Return the time that *text* says: RFC 3339 with its zone, or a duration before now."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is not None and moment.tzinfo is not None:
        return to_us(moment)
    try:
        return now_us - 1000 * parse_duration(text)
    except ValueError:
        problem = f"{text!r} is neither a time such as 2026-11-22T08:30:00Z nor so long ago, as 3d"
        raise typer.BadParameter(problem, param_hint=option) from None


@contextlib.contextmanager
def _of_database(
    url: str, plant: Path, line: str | None, between: tuple[int | None, int | None], now_us: int
) -> Iterator[Source]:
    from_us, to_us_ = between
    if not url:
        raise typer.BadParameter("say which with --database", param_hint="SOURCE")
    if from_us is None:
        raise typer.BadParameter("a database needs --from", param_hint="SOURCE")
    with connect(url, application="jellyroll replay", autocommit=True) as connection:
        to = now_us if to_us_ is None else to_us_
        yield database_source(connection, load_plant(plant), line, from_us, to)


def _of_file(
    path: Path,
    mapping: Path | None,
    plant: Path,
    seat: tuple[str | None, int],
    between: tuple[int | None, int | None],
) -> Source:
    if not path.exists():
        problem = f"{path} does not exist; it is a file, a capture, or the word {_DATABASE}"
        raise typer.BadParameter(problem, param_hint="SOURCE")
    if mapping is not None:
        return table_source(path, mapping, load_plant(plant))
    if is_capture(path) or path.is_dir():
        return capture_source(path, *between)
    if path.suffix == ".parquet":
        problem = f"{path} is no capture; a table needs --mapping"
        raise typer.BadParameter(problem, param_hint="SOURCE")
    return cycler_source(path, load_plant(plant), *seat)


def _shift_ms(source: Source, shift_to: str | None, speed: float, now_us: int) -> int:
    """Return by how much all times are to be moved: whole milliseconds, as payloads have them."""
    if shift_to is None:
        shift_to = "now" if source.kind == "cycler" else "original"
    if shift_to == "now":
        return (now_us - (source.first_us if speed == 1 else source.last_us)) // 1000
    if shift_to == "original":
        if not source.is_dated:
            raise ReplayError("the recording does not say when it was; give --shift-to a time")
        return 0
    try:
        moment = datetime.fromisoformat(shift_to)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        problem = f"{shift_to!r} is none of now, original, a time such as 2026-11-22T08:30:00Z"
        raise typer.BadParameter(problem, param_hint="--shift-to")
    return (to_us(moment) - source.first_us) // 1000


@contextlib.contextmanager
def _progress(source: str, *, json: bool) -> Iterator[Callable[[float, int], None]]:
    """Show how far it is and how many rows a second go."""
    columns = (
        TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(),
        TextColumn("{task.fields[rows]:,} sent, {task.fields[rate]:,.0f} a second"),
        TimeElapsedColumn(),
    )  # fmt: skip
    with Progress(*columns, console=Console(stderr=True), disable=json) as progress:
        task = progress.add_task(Path(source).name, total=1.0, rows=0, rate=0.0)
        begun_s = time.monotonic()

        def show(done: float, rows: int) -> None:
            rate = rows / max(1e-3, time.monotonic() - begun_s)
            progress.update(task, completed=done, rows=rows, rate=rate)

        yield show


def _tell(source: str, report: Report, found: Source, out: Path | None) -> None:
    console = Console(highlight=False, soft_wrap=True)
    arrived = f"written to {out}" if out else "all acknowledged"
    console.print(
        f"{report.published:,} {'messages' if report.kind == 'capture' else 'rows'} of {source} in"
        f" {report.messages:,} messages, {arrived}; {report.first_time} to {report.last_time}"
    )
    if found.about.get("moved"):
        console.print(
            f"{found.about['moved']:,} samples said the same time as the one before and stand a"
            " microsecond after it"
        )
    if report.untimed:
        console.print(f"{report.untimed:,} messages have no time that could be moved")
    if report.late:
        console.print(
            f"{report.late:,} messages were sent more than 100 ms late, the latest"
            f" {report.latest_ms / 1000:,.1f} s: it could not keep up"
        )
    if report.unheard:
        console.print(
            f"{report.unheard:,} messages had no subscriber and are gone: start `jellyroll ingest`"
            " and replay again"
        )
