from __future__ import annotations

from pathlib import Path

import pytest

from stack.limits import Limits, read_limits


def test_defaults_are_mosquittos_own(tmp_path: Path) -> None:
    path = tmp_path / "mosquitto.conf"
    path.write_text("# nothing set\n\n")
    assert read_limits(path) == Limits()
    assert read_limits(path).outage_s < 1.0


def test_included_files_are_read_and_the_last_word_counts(tmp_path: Path) -> None:
    (tmp_path / "conf.d").mkdir()
    (tmp_path / "conf.d/b.conf").write_text("max_queued_messages 5000\nlistener 1883\n")
    (tmp_path / "conf.d/ignored.txt").write_text("max_queued_messages 7\n")
    path = tmp_path / "mosquitto.conf"
    path.write_text(
        f"max_queued_messages 10\nallow_anonymous true\ninclude_dir {tmp_path}/conf.d\n"
    )
    limits = read_limits(path)
    assert limits.max_queued_messages == 5000
    assert limits.open_to_all


def test_a_file_that_includes_itself_comes_to_an_end(tmp_path: Path) -> None:
    path = tmp_path / "mosquitto.conf"
    path.write_text(f"persistence true\ninclude_dir {tmp_path}\n")
    assert read_limits(path).persistence


@pytest.mark.parametrize(
    ("count", "size", "minutes"),
    [
        (1_350 * 60, 0, 1.0),
        (0, 1_800_000 * 120, 2.0),
        (1_350 * 60, 1_800_000 * 30, 0.5),  # the limit reached first counts
        (0, 0, float("inf")),
    ],
)
def test_the_outage_in_minutes_of_a_cell_line(count: int, size: int, minutes: float) -> None:
    limits = Limits(max_queued_messages=count, max_queued_bytes=size)
    assert limits.outage_s / 60 == pytest.approx(minutes)


@pytest.mark.parametrize(
    ("listeners", "expected"),
    [(("127.0.0.1",), False), (("/run/mosquitto.sock",), False), (("*",), True), ((), False)],
)
def test_an_open_listener_is_one_that_others_reach(
    listeners: tuple[str, ...], *, expected: bool
) -> None:
    assert Limits(allow_anonymous=True, listeners=listeners).open_to_all is expected
