"""Files of battery cyclers to recordings: the format is told by the content, not by the name."""

from __future__ import annotations

from datetime import UTC, tzinfo
from pathlib import Path

from simulator.maccor import is_maccor, read_maccor
from simulator.novonix import is_novonix, read_novonix
from simulator.recording import CyclerError, Recording
from simulator.tidy import is_tidy, read_tidy


def read_recording(path: Path, zone: tzinfo = UTC) -> Recording:
    """Return what the cycler file at *path* measured.

    Cyclers write their dates without a zone; they are read as of *zone*. Raise `CyclerError`
    with file, line and what was expected, and `OSError` if the file cannot be opened.
    """
    return parse(path.name, path.read_bytes(), zone)


def parse(name: str, content: bytes, zone: tzinfo = UTC) -> Recording:
    """Return the recording in the *content* of file *name*; raise `CyclerError`."""
    # Not splitlines(): what Latin-1 has at 0x85 would end a line there.
    lines = [line.removesuffix("\r") for line in _text(content).split("\n")]
    while lines and not lines[-1].strip():
        lines.pop()
    if is_novonix(lines):
        return read_novonix(name, lines, zone)
    if is_maccor(lines):
        return read_maccor(name, lines, zone)
    if is_tidy(lines):
        return read_tidy(name, lines)
    problem = (
        "neither a Novonix export (begins with [Summary]), nor a Maccor export (its second line"
        " begins with Rec#), nor a CSV file with the columns time_s, voltage_v, current_a"
    )
    raise CyclerError(name, 1, problem)


def _text(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        # Older exports are Latin-1, in which any byte is a character.
        return content.decode("latin-1")
