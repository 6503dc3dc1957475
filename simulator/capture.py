"""Captured messages, and captures: folders of Parquet segments that hold them in order.

A capture is a folder with numbered files. `000001.parquet` is a closed segment; `000002.log` one
that is still being written, or that a killed recorder left (`simulator.capture_log`). Where both
are there under one number the log is a remnant and the segment counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from simulator.capture_log import read_log
from simulator.captured import Captured, Extras
from simulator.parquet import arrow, parquet

SEGMENT, LOG = ".parquet", ".log"
#: A row group ends at so many messages or payload bytes, so that a reader holds one at a time.
_GROUP_ROWS = 20_000
_GROUP_BYTES = 8_000_000
_NAMES = (
    "time", "topic", "payload", "qos", "retain", "payload_format", "expiry_s", "content_type",
    "response_topic", "correlation", "user_properties",
)  # fmt: skip


class CaptureError(Exception):
    """A capture cannot be read or written; the text says which and what to do."""


class Span(NamedTuple):
    """When the first and the last message arrived (microseconds since the epoch), and how many."""

    first_us: int
    last_us: int
    messages: int


class Capture:
    """The capture at *path*: its folder, or one of its closed segments.

    Raise `CaptureError` if there is none. It may be read while it is being recorded: what was
    written when `messages` came to its end is seen.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        if not is_capture(path):
            raise CaptureError(
                f"{path} is no capture: it is neither a folder with segments such as"
                f" 000001{SEGMENT} nor one of them; `jellyroll record` makes captures"
            )

    def span(self) -> Span:
        """Return when its first and last message arrived; raise `CaptureError` if it is empty."""
        firsts, lasts, count = [], [], 0
        for file in files(self._path):
            if file.suffix == LOG:
                times = [message.time_us for message in read_log(file)]
                groups = [(min(times), max(times), len(times))] if times else []
            else:
                groups = [group for _, *group in _groups(_open(file))]  # type: ignore[misc]
            for first, last, rows in groups:
                firsts.append(first)
                lasts.append(last)
                count += rows
        if not count:
            raise CaptureError(f"{self._path} holds no message yet")
        return Span(min(firsts), max(lasts), count)

    def messages(self, from_us: int | None = None, to_us: int | None = None) -> Iterator[Captured]:
        """Yield its messages in the order of arrival, those in [*from_us*, *to_us*) if given.

        Row groups outside are not read.
        """
        low = from_us if from_us is not None else -(1 << 62)
        high = to_us if to_us is not None else 1 << 62
        for file in files(self._path):
            for message in self._read(file, low, high):
                if low <= message.time_us < high:
                    yield message

    def _read(self, file: Path, low: int, high: int) -> Iterator[Captured]:
        if file.suffix == LOG:
            yield from read_log(file)
            return
        segment = _open(file)
        for index, first, last, _ in _groups(segment):
            if first < high and last >= low:
                yield from _from_table(segment.read_row_group(index))


def is_capture(path: Path) -> bool:
    """Say whether there is a capture at *path*."""
    if path.is_dir():
        return bool(files(path))
    if path.suffix != SEGMENT or not path.is_file():
        return False
    try:
        names = parquet().read_schema(path).names
    except arrow().ArrowInvalid:
        return False
    return tuple(names) == _NAMES


def files(path: Path) -> list[Path]:
    """Return the files of the capture at *path* that count, in order."""
    if path.is_file():
        return [path]
    by_number: dict[str, Path] = {}
    for file in sorted(path.iterdir()):  # .log before .parquet
        if file.suffix in {SEGMENT, LOG} and file.stem.isdigit():
            by_number[file.stem] = file
    return [by_number[number] for number in sorted(by_number)]


def write_segment(file: Path, messages: Iterable[Captured]) -> int:
    """Write *messages* to the Parquet *file*, zstd-compressed; return how many they were."""
    pa, count = arrow(), 0
    with file.open("wb") as sink, parquet().ParquetWriter(
        sink, _schema(), compression="zstd", use_dictionary=["topic", "content_type"]
    ) as writer:  # fmt: skip
        for group in _groups_of(messages):
            columns = [list(column) for column in zip(*map(_row, group), strict=True)]
            writer.write_table(pa.Table.from_arrays(
                [pa.array(c, f.type) for c, f in zip(columns, _schema(), strict=True)],
                schema=_schema(),
            ))  # fmt: skip
            count += len(group)
    return count


def _groups_of(messages: Iterable[Captured]) -> Iterator[list[Captured]]:
    group: list[Captured] = []
    held = 0
    for message in messages:
        group.append(message)
        held += len(message.payload)
        if len(group) >= _GROUP_ROWS or held >= _GROUP_BYTES:
            yield group
            group, held = [], 0
    if group:
        yield group


def _schema() -> Any:
    pa = arrow()
    pair = pa.struct([("name", pa.string()), ("value", pa.string())])
    types = (
        pa.timestamp("us", "UTC"), pa.string(), pa.binary(), pa.uint8(), pa.bool_(), pa.uint8(),
        pa.uint32(), pa.string(), pa.string(), pa.binary(), pa.list_(pair),
    )  # fmt: skip
    return pa.schema(list(zip(_NAMES, types, strict=True)))


def _row(message: Captured) -> tuple[Any, ...]:
    extras = message.extras
    user = [{"name": name, "value": value} for name, value in extras.user]
    return (*message[:5], *extras[:5], user or None)


def _from_table(table: Any) -> Iterator[Captured]:
    times = table["time"].cast(arrow().int64()).to_pylist()
    columns = [table[name].to_pylist() for name in _NAMES[1:]]
    for time_us, topic, payload, qos, retain, *extras, user in zip(times, *columns, strict=True):
        pairs = tuple((pair["name"], pair["value"]) for pair in user or ())
        known = Extras(*extras, user=pairs)  # type: ignore[misc]
        yield Captured(time_us, topic, payload, qos, retain, known)


def _open(file: Path) -> Any:
    try:
        return parquet().ParquetFile(file)
    except arrow().ArrowInvalid as error:
        raise CaptureError(f"{file} is damaged and cannot be read: {error}") from error


def _groups(segment: Any) -> Iterator[tuple[int, int, int, int]]:
    """Yield number, first and last time and rows of each row group."""
    for index in range(segment.metadata.num_row_groups):
        group = segment.metadata.row_group(index)
        statistics = group.column(0).statistics
        yield index, int(statistics.min_raw), int(statistics.max_raw), group.num_rows
