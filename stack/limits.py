"""What a Mosquitto configuration file promises: how much it keeps, and for how long."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

# One cell line: 1,100 machine messages/s of about 450 bytes, 250 tray messages/s of about 5 kB.
REFERENCE_MESSAGES_PER_S = 1_350.0
REFERENCE_BYTES_PER_S = 1_800_000.0

_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_MOST_INCLUDES = 10  # deep; more is a file that includes itself


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The settings that decide what is lost; the defaults are Mosquitto's own."""

    max_queued_messages: int = 1_000
    max_queued_bytes: int = 0
    message_size_limit: int = 0
    persistence: bool = False
    allow_anonymous: bool = False
    listeners: tuple[str, ...] = ()

    @property
    def outage_s(self) -> float:
        """Return how long the reference line can publish to a subscriber that is away."""
        by_count = self.max_queued_messages / REFERENCE_MESSAGES_PER_S
        by_size = self.max_queued_bytes / REFERENCE_BYTES_PER_S
        return min((limit for limit in (by_count, by_size) if limit > 0), default=float("inf"))

    @property
    def open_to_all(self) -> bool:
        """Tell whether anyone on the network may publish without a password."""
        return self.allow_anonymous and any(
            host not in _LOOPBACK and not host.startswith("/") for host in self.listeners
        )


def read_limits(path: Path) -> Limits:
    """Read a configuration file and what it includes; raise `OSError` when it cannot be read."""
    values: dict[str, str] = {}
    listeners: list[str] = []
    for word, value in _lines(path, 0):
        values[word] = value
        if word == "listener":
            _, _, host = value.partition(" ")
            listeners.append(host.strip() or "*")
    return Limits(
        max_queued_messages=_number(values, "max_queued_messages", 1_000),
        max_queued_bytes=_number(values, "max_queued_bytes", 0),
        message_size_limit=_number(values, "message_size_limit", 0),
        persistence=values.get("persistence", "false") == "true",
        allow_anonymous=values.get("allow_anonymous", "false") == "true",
        listeners=tuple(listeners),
    )


def _lines(path: Path, depth: int) -> Iterator[tuple[str, str]]:
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        word, _, value = line.strip().partition(" ")
        if not word or word.startswith("#"):
            continue
        yield word, value.strip()
        if word == "include_dir" and depth < _MOST_INCLUDES:
            for file in sorted(Path(value.strip()).glob("*.conf")):
                yield from _lines(file, depth + 1)


def _number(values: dict[str, str], word: str, default: int) -> int:
    try:
        return int(values[word])
    except (KeyError, ValueError):
        return default
