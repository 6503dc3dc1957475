from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from simulator.capture import Capture, CaptureError, files
from simulator.capture_log import encode, read_log
from simulator.capture_writer import CaptureWriter
from simulator.captured import Captured, Extras

EXTRAS = Extras(1, 60, "text/plain", "answers/here", b"\x00\xff", (("a", "1"), ("a", "2")))
NOW_US = 1_795_000_000_000_000


def some(count: int) -> list[Captured]:
    """Messages of every kind, a millisecond apart."""
    return [
        Captured(NOW_US + 1000 * n, "v1/é", bytes([n % 256]) * (n % 300), n % 3, n % 2 == 1)
        if n % 5
        else Captured(NOW_US + 1000 * n, f"x/{n % 7}", b"", extras=EXTRAS)
        for n in range(count)
    ]


def test_what_is_written_is_read_back_over_many_segments(tmp_path: Path) -> None:
    messages = some(3000)
    with CaptureWriter(tmp_path / "c", log_bytes=100_000) as writer:
        for at in range(0, len(messages), 100):
            writer.write(messages[at : at + 100])
    assert len(files(tmp_path / "c")) > 3
    assert {file.suffix for file in (tmp_path / "c").iterdir()} == {".parquet"}
    assert writer.size_bytes == sum(f.stat().st_size for f in files(tmp_path / "c"))
    capture = Capture(tmp_path / "c")
    assert list(capture.messages()) == messages
    assert capture.span() == (NOW_US, NOW_US + 2_999_000, 3000)


def test_a_part_of_the_time_is_read_without_the_rest(tmp_path: Path) -> None:
    messages = some(100)
    with CaptureWriter(tmp_path / "c", log_bytes=1) as writer:  # a segment a message
        for message in messages:
            writer.write([message])
    for file in files(tmp_path / "c")[:10]:
        size = file.stat().st_size
        with file.open("r+b") as damaged:  # its footer stays, its rows are gone
            damaged.write(b"x" * min(200, size // 4))
    found = Capture(tmp_path / "c").messages(NOW_US + 10_000, NOW_US + 20_000)
    assert list(found) == messages[10:20]


def test_one_segment_is_a_capture_too(tmp_path: Path) -> None:
    with CaptureWriter(tmp_path / "c") as writer:
        writer.write(some(3))
    assert list(Capture(tmp_path / "c" / "000001.parquet").messages()) == some(3)


def test_a_capture_is_read_while_it_is_written(tmp_path: Path) -> None:
    with CaptureWriter(tmp_path / "c") as writer:
        writer.write(some(5))
        assert list(Capture(tmp_path / "c").messages()) == some(5)
        assert Capture(tmp_path / "c").span().messages == 5


@pytest.mark.parametrize("cut", [1, 3, 9, 20])
def test_a_record_that_a_kill_cut_off_is_the_only_one_lost(tmp_path: Path, cut: int) -> None:
    log = tmp_path / "000001.log"
    log.write_bytes(b"".join(map(encode, some(20)))[:-cut])
    assert list(read_log(log)) == some(19)


def test_a_killed_writer_leaves_all_it_had_written_and_the_next_goes_on(tmp_path: Path) -> None:
    code = (
        "import os, signal, sys, pathlib\n"
        "from simulator.captured import Captured\n"
        "from simulator.capture_writer import CaptureWriter\n"
        "writer = CaptureWriter(pathlib.Path(sys.argv[1]), log_bytes=2000)\n"
        "for n in range(100):\n"
        "    writer.write([Captured(n, 't', b'x' * 100)])\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    folder = tmp_path / "c"
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code, folder], cwd=root, check=False)
    assert done.returncode == -9
    assert [message.time_us for message in Capture(folder).messages()] == list(range(100))
    with CaptureWriter(folder) as writer:
        writer.write([Captured(100, "t", b"")])
    assert [message.time_us for message in Capture(folder).messages()] == list(range(101))
    assert {file.suffix for file in folder.iterdir()} == {".parquet"}


def test_remnants_of_a_kill_between_two_steps_count_once(tmp_path: Path) -> None:
    folder = tmp_path / "c"
    with CaptureWriter(folder) as writer:
        writer.write(some(3))
    (folder / "000001.log").write_bytes(b"".join(map(encode, some(3))))  # not removed yet
    (folder / "000002.parquet.part").write_bytes(b"PAR1")  # not renamed yet
    (folder / "000002.log").write_bytes(b"".join(map(encode, some(4))))
    assert list(Capture(folder).messages()) == some(3) + some(4)
    with CaptureWriter(folder):
        pass
    assert sorted(f.name for f in folder.iterdir()) == ["000001.parquet", "000002.parquet"]
    assert list(Capture(folder).messages()) == some(3) + some(4)


def test_what_is_no_capture_is_refused_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(CaptureError, match="holds other things: choose a new"):
        CaptureWriter(tmp_path)
    with pytest.raises(CaptureError, match="is a file; a capture is a folder"):
        CaptureWriter(tmp_path / "notes.txt")
    with pytest.raises(CaptureError, match=r"is no capture: .* `jellyroll record` makes"):
        Capture(tmp_path)
    with CaptureWriter(tmp_path / "c"):
        with pytest.raises(CaptureError, match="is being recorded to"):
            CaptureWriter(tmp_path / "c")
        with pytest.raises(CaptureError, match="holds no message yet"):
            Capture(tmp_path / "c").span()
