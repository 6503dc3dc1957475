"""Findings on the running broker, above all: how long its queue lasts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from stack.errors import StackError
from stack.finding import Finding, failure
from stack.limits import Limits, read_limits
from stack.probe import ask_broker
from stack.programs import numbers

_ENOUGH_OUTAGE_S = 15 * 60.0
_SHORTEST_OUTAGE_S = 60.0
_BIGGEST_PAYLOAD_BYTES = 10 * 10**6  # what ingest must be able to keep as a dead letter
_MOSQUITTO_INFLIGHT_DEFAULT = 20
_BROKEN_WITHOUT_LIMIT = (2, 0, 16)  # eclipse-mosquitto/mosquitto#2879

_CONFIGURE = "Take the max_queued lines from the mosquitto.conf that Jellyroll ships."


def check_broker(url: str, configuration: Path | None) -> Iterator[Finding]:
    """Look at the broker at *url*, and at its configuration file where it can be read here."""
    try:
        answer = ask_broker(url)
    except StackError as error:
        yield failure("broker", error)
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
    if configuration is None:
        yield _unseen_queue(answer.receive_maximum)
    else:
        yield from _queue(configuration, answer.version or "")
    yield _dropped(answer.dropped)


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
