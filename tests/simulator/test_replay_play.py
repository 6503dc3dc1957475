from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator

import pytest

from simulator.captured import Captured
from simulator.replay_play import Player, read_ahead


def at(*times_ms: int) -> list[Captured]:
    return [Captured(1000 * time_ms, "t", b"%d" % time_ms) for time_ms in times_ms]


def test_messages_go_in_their_rhythm_and_none_before_it_is_due() -> None:
    sent: list[tuple[float, bytes]] = []

    def send(message: Captured) -> bool:
        sent.append((time.monotonic() - begun_s, message.payload))
        return True

    begun_s = time.monotonic()
    player = Player(send, 2.0, threading.Event())
    assert player.play(at(1000, 1100, 1200), zero_us=1_000_000)
    assert player.rest(400_000)
    assert player.play(at(1400), zero_us=1_400_000)
    assert [payload for _, payload in sent] == [b"1000", b"1100", b"1200", b"1400"]
    assert [s >= due for (s, _), due in zip(sent, (0, 0.05, 0.1, 0.2), strict=True)] == [True] * 4
    assert (player.played.messages, player.played.last_us) == (4, 1_400_000)


def test_at_speed_0_nothing_waits_and_nothing_is_late() -> None:
    player = Player(lambda _: True, 0.0, threading.Event())
    assert player.play(at(0, 3_600_000_000), zero_us=0)
    assert (player.played.late, player.played.lag_ms) == (0, 0.0)


def test_a_stop_ends_a_wait(caplog: pytest.LogCaptureFixture) -> None:
    stop = threading.Event()
    player = Player(lambda _: True, 1.0, stop)
    threading.Timer(0.05, stop.set).start()
    assert not player.play(at(0, 3_600_000), zero_us=0)
    assert player.played.messages == 1


def test_it_says_once_that_it_cannot_keep_up(caplog: pytest.LogCaptureFixture) -> None:
    def slow(_: Captured) -> bool:
        time.sleep(0.3)
        return True

    player = Player(slow, 1.0, threading.Event())
    with caplog.at_level(logging.WARNING):
        player.play(at(0, 1, 2, 3, 4), zero_us=0)
    assert [record.message.startswith("cannot keep up: 1.") for record in caplog.records] == [True]
    assert player.played.late == 5
    assert player.played.latest_s >= 1.4


def test_reading_ahead_keeps_the_order_and_raises_what_reading_raises() -> None:
    def broken() -> Iterator[Captured]:
        yield from at(*range(2000))
        raise OSError("the disk is gone")

    read: list[Captured] = []
    with pytest.raises(OSError, match="the disk is gone"):
        read.extend(read_ahead(broken()))
    assert list(read_ahead(at(*range(2000)))) == at(*range(2000))


def test_reading_ahead_ends_when_nobody_wants_more() -> None:
    before = threading.active_count()
    reader = read_ahead(Captured(n, "t", b"") for n in iter(int, 1))
    assert next(reader).time_us == 0
    assert threading.active_count() == before + 1
    reader.close()
    assert threading.active_count() == before
