"""Findings on the running broker, above all: how long its queue lasts."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path
from urllib.parse import urlsplit

from stack.broker_probe import ask_broker
from stack.errors import StackError
from stack.finding import Finding, failure
from stack.limits import REFERENCE_MESSAGES_PER_S, Limits, read_limits
from stack.programs import numbers

_ENOUGH_OUTAGE_S = 15 * 60.0
_SHORTEST_OUTAGE_S = 60.0
_BIGGEST_PAYLOAD_BYTES = 10 * 10**6  # what ingest must be able to keep as a dead letter
_MOSQUITTO_INFLIGHT_DEFAULT = 20
_BROKEN_WITHOUT_LIMIT = (2, 0, 16)  # eclipse-mosquitto/mosquitto#2879
_CERTIFICATE_WARNING_DAYS = 30.0
_LOOPBACK = ("127.0.0.1", "localhost", "::1")

_LET_READ = "Set sys_interval, and let this user read $SYS; user `doctor` of mosquitto.acl may."
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
    yield from _access(url, anonymous=answer.anonymous)
    if answer.certificate_days is not None:
        yield _certificate(answer.certificate_days)
    limits = None
    if configuration is None:
        yield _unseen_queue(answer.receive_maximum)
    else:
        limits = yield from _queue(configuration, answer.version or "")
    yield _waiting(answer.waiting, limits)
    if answer.away:
        yield _away(answer.away)
    yield _dropped(answer.dropped)


def _away(away: int) -> Finding:
    return Finding(
        name="sessions",
        level="warning",
        text=f"of clients that are not there: {away:,}; each goes on taking messages, and that of "
        "a worker its share of all, which no other worker gets",
        advice="Start ingest with as many --workers as before, until nothing waits for them.",
    )


def _access(url: str, *, anonymous: bool) -> Iterator[Finding]:
    parts = urlsplit(url)
    if parts.hostname in _LOOPBACK:
        return  # who else reaches the broker cannot be seen from here
    if anonymous:
        yield Finding(
            name="access",
            level="warning",
            text="the broker lets in who has no password: anyone may publish for any machine",
            advice="Set `allow_anonymous false`, a password_file and the mosquitto.acl that "
            "Jellyroll ships.",
        )
    if parts.scheme == "mqtt" and parts.username:
        yield Finding(
            name="encryption",
            level="warning",
            text=f"the password of {parts.username} crosses the network in the clear",
            advice="Give the broker a TLS listener and say mqtts://…?ca=FILE; see docs/broker.md.",
        )


def _certificate(days: float) -> Finding:
    if days > _CERTIFICATE_WARNING_DAYS:
        return Finding(name="certificate", level="ok", text=f"good for another {days:.0f} days")
    return Finding(
        name="certificate",
        level="warning",
        text=f"ends in {days:.0f} days; from then on no client connects, and machines lose "
        "what they cannot keep themselves",
        advice="Renew it, then restart the broker or send it SIGHUP.",
    )


def _waiting(waiting: int | None, limits: Limits | None) -> Finding:
    if waiting is None:
        return Finding(
            name="waiting",
            level="warning",
            text="the broker does not say how many messages it holds",
            advice=_LET_READ,
        )
    most = limits.max_queued_messages if limits else 0
    if not most or waiting < most / 2:
        return Finding(name="waiting", level="ok", text=f"{waiting:,} messages in the broker")
    left_s = max(most - waiting, 0) / REFERENCE_MESSAGES_PER_S
    return Finding(
        name="waiting",
        level="problem",
        text=f"{waiting:,} messages in the broker, which keeps {most:,} for one subscriber: in "
        f"{left_s / 60:.1f} min of a cell line it drops what comes, without a word",
        advice="See whether `jellyroll ingest` runs and whether its database takes batches.",
    )


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


def _queue(path: Path, version: str) -> Generator[Finding, None, Limits | None]:
    try:
        limits = read_limits(path)
    except OSError as error:
        yield Finding(
            name="queue",
            level="warning",
            text=f"cannot read {path}: {error}",
            advice="Run `jellyroll doctor` as a user who may.",
        )
        return None
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
    return limits


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
            advice=_LET_READ,
        )
    if dropped == 0:
        return Finding(name="dropped", level="ok", text="no message since the broker started")
    return Finding(
        name="dropped",
        level="warning",
        text=f"{dropped:,} messages since the broker started, of all its subscribers: they were "
        "acknowledged to the machine and never reached who was to read them",
        advice="Compare with ingest's balance; then raise the queue, or end sessions nobody reads.",
    )
