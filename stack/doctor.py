"""What is here, what is wrong with it, and what to do about that."""

from __future__ import annotations

import platform
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import psycopg
from psycopg.conninfo import conninfo_to_dict

from stack.errors import StackError
from stack.home import PrivateStack, data_folder
from stack.limits import Limits, read_limits
from stack.packages import find
from stack.probe import DatabaseAnswer, ask_broker, ask_database
from stack.programs import Programs, numbers

Level = Literal["ok", "warning", "problem"]

SYSTEM_MOSQUITTO = Path("/etc/mosquitto/mosquitto.conf")

_ENOUGH_OUTAGE_S = 15 * 60.0
_SHORTEST_OUTAGE_S = 60.0
_ENOUGH_DISK_BYTES = 10 * 10**9
_LEAST_DISK_BYTES = 2 * 10**9
_BIGGEST_PAYLOAD_BYTES = 10 * 10**6  # what ingest must be able to keep as a dead letter
_MOSQUITTO_INFLIGHT_DEFAULT = 20
_BROKEN_WITHOUT_LIMIT = (2, 0, 16)  # eclipse-mosquitto/mosquitto#2879

_CONFIGURE = "Take the max_queued lines from the mosquitto.conf that Jellyroll ships."
_EDITIONS = {
    "timescale": "Community edition: continuous aggregates, compression, retention as a policy",
    "apache": "Apache edition: rollups are plain views, nothing is compressed",
}


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that was looked at; *advice* is empty when all is well."""

    name: str
    level: Level
    text: str
    advice: str = ""


def examine(
    environment: Mapping[str, str], folder: Path | None = None, system: Path = SYSTEM_MOSQUITTO
) -> list[Finding]:
    """Look at everything Jellyroll stands on; change nothing.

    *environment* names the database and the broker; where it does not, the private stack in
    *folder* is looked at, if it runs. *system* is the configuration of the system's own broker.
    """
    place = folder or data_folder()
    programs = find()
    stack = PrivateStack(programs, place) if programs else None
    dsn, broker = environment.get("JELLYROLL_DATABASE"), environment.get("JELLYROLL_BROKER")
    if stack and not dsn and stack.cluster.running:
        dsn = stack.environment()["JELLYROLL_DATABASE"]
    if stack and not broker and stack.broker.running:
        broker = stack.broker.url
    return [
        _python(),
        *_programs(programs, needed=not (dsn and broker)),
        *(_database(dsn) if dsn else [_absent("database")]),
        *(_broker(broker, stack, system) if broker else [_absent("broker")]),
        _disk(place),
    ]


def _python() -> Finding:
    return Finding(name="python", level="ok", text=f"{platform.python_version()} {sys.executable}")


def _programs(programs: Programs | None, *, needed: bool) -> Iterator[Finding]:
    if programs is None:
        yield Finding(
            name="programs",
            level="warning" if needed else "ok",
            text="no PostgreSQL with TimescaleDB, or no Mosquitto, on this machine",
            advice="Run `jellyroll stack install`, or use docker compose." if needed else "",
        )
        return
    database, broker = programs.database, programs.broker
    text = f"{database.version} with TimescaleDB {database.timescaledb}, {database.origin}"
    yield Finding(name="postgresql", level="ok", text=f"{text}, {database.bin}")
    text = f"{broker.version}, {broker.origin}, {broker.mosquitto}"
    yield Finding(name="mosquitto", level="ok", text=text)


def _absent(name: Literal["database", "broker"]) -> Finding:
    return Finding(
        name=name,
        level="warning",
        text="none named, and no private stack is up",
        advice=f"Set JELLYROLL_{name.upper()}, or run `jellyroll stack up`.",
    )


def _database(dsn: str) -> Iterator[Finding]:
    try:
        parts = conninfo_to_dict(dsn)
        answer = ask_database(dsn)
    except StackError as error:
        yield _failure("database", error)
        return
    except psycopg.Error as error:
        yield Finding(
            name="database",
            level="problem",
            text=f"JELLYROLL_DATABASE is no address of a database: {str(error).strip()}",
            advice="Write it as postgresql://user:password@host:5432/database.",
        )
        return
    # Not the whole address: it holds the password.
    where = f"{parts.get('host', 'local')}:{parts.get('port', 5432)}/{parts.get('dbname', '')}"
    yield Finding(name="database", level="ok", text=f"PostgreSQL {answer.version} at {where}")
    yield _extension(answer)
    yield _schema(migrated=answer.migrated)
    if not answer.durable:
        yield Finding(
            name="durability",
            level="problem",
            text="fsync or synchronous_commit is off: acknowledged messages die with a crash",
            advice="Switch both on.",
        )


def _extension(answer: DatabaseAnswer) -> Finding:
    if not answer.timescaledb_available:
        return Finding(
            name="timescaledb",
            level="problem",
            text="the server lacks the TimescaleDB extension",
            advice="Install TimescaleDB there, or run `jellyroll stack up` for a private server.",
        )
    if not answer.timescaledb_loaded:
        return Finding(
            name="timescaledb",
            level="problem",
            text="the extension is there but not loaded",
            advice="Set shared_preload_libraries = 'timescaledb' and restart the server.",
        )
    if answer.timescaledb is None:
        text = "available, not yet created in this database"
    else:
        text = f"{answer.timescaledb}, {_EDITIONS.get(answer.edition or '', 'of unknown edition')}"
    return Finding(name="timescaledb", level="ok", text=text)


def _schema(*, migrated: bool) -> Finding:
    if migrated:
        return Finding(name="schema", level="ok", text="Jellyroll's tables are there")
    return Finding(
        name="schema",
        level="warning",
        text="Jellyroll's tables are not there yet",
        advice="Run `jellyroll migrate`.",
    )


def _broker(url: str, stack: PrivateStack | None, system: Path) -> Iterator[Finding]:
    try:
        answer = ask_broker(url)
    except StackError as error:
        yield _failure("broker", error)
        return
    host = urlsplit(url).hostname
    size = answer.maximum_packet_size
    text = f"{answer.version or 'of unknown make'} at {host}:{urlsplit(url).port or ''}"
    yield Finding(
        name="broker",
        level="ok",
        text=f"{text}, receive maximum {answer.receive_maximum:,}, "
        f"maximum packet {f'{size:,} bytes' if size else 'not limited'}",
    )
    if size and size < _BIGGEST_PAYLOAD_BYTES:
        yield Finding(
            name="packet size",
            level="warning",
            text="payloads above that never reach Jellyroll, not even as dead letters",
            advice="Raise max_packet_size and message_size_limit to 16 MiB.",
        )
    configuration = _configuration(url, stack, system)
    if configuration is None:
        yield _unseen_queue(answer.receive_maximum)
    else:
        yield from _queue(configuration, answer.version or "")
    yield _dropped(answer.dropped)


def _configuration(url: str, stack: PrivateStack | None, system: Path) -> Path | None:
    if stack and stack.broker.running and stack.broker.url == url:
        return stack.broker.configuration
    local = urlsplit(url).hostname in ("127.0.0.1", "localhost", "::1")
    return system if local and system.exists() else None


def _unseen_queue(receive_maximum: int) -> Finding:
    advice = (
        "On the broker, see that max_queued_messages and max_queued_bytes cover an outage; "
        "Mosquitto's default keeps 1,000 messages and drops the rest silently."
    )
    if receive_maximum == _MOSQUITTO_INFLIGHT_DEFAULT:
        text = "receive maximum 20 is Mosquitto's default: its queue is likely the default, too"
    else:
        text = "the broker's queue limits cannot be seen from here"
    return Finding(name="queue", level="warning", text=text, advice=advice)


def _queue(path: Path, version: str) -> Iterator[Finding]:
    try:
        limits = read_limits(path)
    except OSError as error:
        yield Finding(
            name="queue",
            level="warning",
            text=f"cannot read {path}: {error}",
            advice="Run `jellyroll doctor` as a user who may.",
        )
        return
    yield _outage(limits, path, version)
    if not limits.persistence:
        yield Finding(
            name="persistence",
            level="problem",
            text=f"off in {path}: a restart of the broker forgets every queued message",
            advice="Set `persistence true` and a persistence_location.",
        )
    if 0 < limits.message_size_limit < _BIGGEST_PAYLOAD_BYTES:
        yield Finding(
            name="payload size",
            level="warning",
            text=f"the broker throws away payloads above {limits.message_size_limit:,} bytes",
            advice="Raise message_size_limit to 16 MiB, so that they arrive as dead letters.",
        )
    if limits.open_to_all:
        yield Finding(
            name="access",
            level="warning",
            text="anyone on the network may publish without a password",
            advice="Set `allow_anonymous false` and a password_file, or listen on 127.0.0.1 only.",
        )


def _outage(limits: Limits, path: Path, version: str) -> Finding:
    if limits.max_queued_messages == 0 and numbers(version)[:3] == _BROKEN_WITHOUT_LIMIT:
        return Finding(
            name="queue",
            level="problem",
            text="Mosquitto 2.0.16 delivers nothing when max_queued_messages is 0",
            advice="Update Mosquitto, or set a number.",
        )
    seconds = limits.outage_s
    if seconds == float("inf"):
        return Finding(
            name="queue",
            level="warning",
            text=f"without limit in {path}: one forgotten session fills the broker's memory",
            advice=_CONFIGURE,
        )
    count = f"{limits.max_queued_messages:,} messages" if limits.max_queued_messages else ""
    size = f"{limits.max_queued_bytes:,} bytes" if limits.max_queued_bytes else ""
    span = f"{seconds / 60:.0f} min" if seconds >= 60 else f"{seconds:.1f} s"
    text = f"{' or '.join(filter(None, (count, size)))} in {path}, that is {span} of a cell line"
    if seconds >= _ENOUGH_OUTAGE_S:
        return Finding(name="queue", level="ok", text=text)
    return Finding(
        name="queue",
        level="problem" if seconds < _SHORTEST_OUTAGE_S else "warning",
        text=f"{text}; when ingest is away longer, messages are dropped without a word",
        advice=_CONFIGURE,
    )


def _dropped(dropped: int | None) -> Finding:
    if dropped is None:
        return Finding(
            name="dropped",
            level="warning",
            text="the broker does not say whether it dropped messages",
            advice="Set sys_interval, and let this user read $SYS.",
        )
    if dropped == 0:
        return Finding(name="dropped", level="ok", text="no message since the broker started")
    return Finding(
        name="dropped",
        level="warning",
        text=f"{dropped:,} messages since the broker started, of all its subscribers",
        advice="Compare with ingest's balance; then raise the queue, or end sessions nobody reads.",
    )


def _disk(place: Path) -> Finding:
    existing = next(folder for folder in (place, *place.parents) if folder.exists())
    free = shutil.disk_usage(existing).free
    text = f"{free / 1e9:.1f} GB free at {existing}"
    if free >= _ENOUGH_DISK_BYTES:
        return Finding(name="disk", level="ok", text=text)
    return Finding(
        name="disk",
        level="problem" if free < _LEAST_DISK_BYTES else "warning",
        text=text,
        advice="Free some; a full disk stops the database.",
    )


def _failure(name: str, error: StackError) -> Finding:
    text = str(error).removesuffix(error.advice).strip()
    return Finding(name=name, level="problem", text=text, advice=error.advice)
