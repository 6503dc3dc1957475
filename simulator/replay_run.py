"""One replay from beginning to end: a source, changed, sent in rounds, and what came of it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from paho.mqtt.client import topic_matches_sub

from plant.broker import BrokerAddress
from plant.times import from_us
from simulator.capture_writer import CaptureWriter
from simulator.captured import Captured, to_paho
from simulator.courier import Courier
from simulator.replay import ReplayError
from simulator.replay_change import Change
from simulator.replay_play import Player, read_ahead
from simulator.replay_source import Source

_PATIENCE_S = 30.0
#: Messages for a capture are written so many at a time.
_BATCH = 500
#: Between the end of a round and the beginning of the next.
_PAUSE_MS = 1_000

Send = Callable[[Captured], bool]


@dataclass(frozen=True, slots=True)
class Report:
    """What was sent; *unheard* messages had no subscriber, *untimed* no time that could be moved.

    Against when they were due, messages were sent *lag_ms* later (median), *late* of them more
    than 100 ms, the latest *latest_ms*; all three are 0 where nothing is due (`--speed 0`).
    """

    kind: str
    rounds: int
    published: int
    messages: int
    unheard: int
    untimed: int
    first_time: str
    last_time: str
    lag_ms: float
    late: int
    latest_ms: float


@dataclass(slots=True)
class Receipt:
    """How many messages arrived, and how many of them nobody had subscribed to."""

    messages: int = 0
    unheard: int = 0


@contextmanager
def to_broker(address: BrokerAddress, stop: threading.Event, receipt: Receipt) -> Iterator[Send]:
    """Yield what publishes a message with its own QoS, flags and properties.

    At the end all is acknowledged and *receipt* filled. Raise `BrokerError`.
    """

    def send(message: Captured) -> bool:
        return courier.send(
            message.topic, message.payload, stop,
            qos=message.qos, retain=message.retain, properties=to_paho(message.extras),
        )  # fmt: skip

    with Courier(address) as courier:
        yield send
        courier.drain(_PATIENCE_S)
    receipt.messages, receipt.unheard = courier.acknowledged, courier.unheard


@contextmanager
def to_capture(folder: Path, receipt: Receipt) -> Iterator[Send]:
    """Yield what writes a message to the capture in *folder*, arrived when it was due."""
    held: list[Captured] = []

    def send(message: Captured) -> bool:
        held.append(message)
        if len(held) >= _BATCH:
            flush()
        return True

    def flush() -> None:
        writer.write(held)
        receipt.messages += len(held)
        held.clear()

    with CaptureWriter(folder) as writer:
        yield send
        flush()


@dataclass(frozen=True)
class Replay:
    """How *source* is to be sent: what is changed, which topics, how fast, how often.

    Rows go into blocks as *blocks_for* that speed.
    """

    source: Source
    change: Change
    topic_filter: str
    speed: float
    blocks_for: float
    loop: bool

    def go(
        self, send: Send, stop: threading.Event, show: Callable[[float, int], None]
    ) -> Callable[[Receipt], Report]:
        """Send everything, or until *stop*; return what makes the report once it has arrived.

        *show* is told how far a round is, from 0 to 1, and how many rows were sent.
        """
        player, rounds = Player(send, self.speed, stop), 0
        source, change = self.source, self.change
        first_us = source.first_us + 1000 * change.shift_ms
        # A round after another is as far behind it in its times, too, if times are moved at all.
        period_ms = (source.last_us - source.first_us) // 1000 + _PAUSE_MS
        goes_on = True
        while goes_on:
            rounds += 1
            zero_us = source.first_us + 1000 * change.shift_ms
            with closing(read_ahead(self._messages(show, player))) as messages:
                goes_on = player.play(messages, zero_us)
            if not player.played.messages and not stop.is_set():
                raise ReplayError(
                    f"nothing to replay: no message of that time is on a topic that matches"
                    f" {self.topic_filter!r}"
                )
            goes_on = goes_on and self.loop and player.rest(1000 * period_ms)
            if change.shift_ms:
                change.shift_ms += period_ms
        played = player.played

        def report(receipt: Receipt) -> Report:
            return Report(
                source.kind, rounds, played.rows, receipt.messages, receipt.unheard,
                change.untimed, from_us(first_us).isoformat(),
                from_us(played.last_us or first_us).isoformat(),
                round(played.lag_ms, 3), played.late, round(1000 * played.latest_s, 3),
            )  # fmt: skip

        return report

    def _messages(self, show: Callable[[float, int], None], player: Player) -> Iterator[Captured]:
        source = self.source
        length_us = max(1, source.last_us - source.first_us)
        for message in source.messages(self.blocks_for):
            if self.topic_filter == "#" or topic_matches_sub(self.topic_filter, message.topic):
                show((message.time_us - source.first_us) / length_us, player.played.rows)
                yield self.change(message)
