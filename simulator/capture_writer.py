"""Writes a capture so that a kill -9 at any moment leaves all but what was not yet written.

Messages go to a log. A full log is closed, the next one begun, and the full one made a Parquet
segment beside: written under another name, synced, renamed, and only then is the log removed. The
next writer of the capture does the same with what a killed one left.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Self

from simulator.capture import LOG, SEGMENT, CaptureError, files, write_segment
from simulator.capture_log import encode, read_log
from simulator.captured import Captured
from simulator.parquet import parquet

_LOG_BYTES = 64_000_000
_PART = ".part"


class CaptureWriter:
    """Appends to the capture in *folder*, which it makes if there is none.

    As a context manager it closes the last segment. Raise `CaptureError` if something else is
    there, or if another writer is at work on it; `OSError` if the disk fails.
    """

    def __init__(self, folder: Path, log_bytes: int = _LOG_BYTES) -> None:
        parquet()  # missing, it is to be missed now and not at the first full log
        self._folder = folder
        self._most = log_bytes
        self._claim()
        for part in folder.glob(f"*{_PART}"):
            part.unlink()
        for log in sorted(folder.glob(f"*{LOG}")):
            _close_log(log)
        self._closed_bytes = sum(file.stat().st_size for file in files(folder))
        numbers = [int(file.stem) for file in files(folder)]
        self._number = max(numbers, default=0)
        self._closing: list[tuple[Future[int], int]] = []
        self._closer = ThreadPoolExecutor(1, "jellyroll-capture")
        self._begin_log()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            self._end_log()
            self._closer.shutdown()
            self._settle()
        finally:
            os.close(self._claimed)

    @property
    def size_bytes(self) -> int:
        """What the capture takes on the disk: closed segments compressed, the open one not."""
        self._settle()
        return self._closed_bytes + sum(size for _, size in self._closing) + self._log_size

    def write(self, messages: Sequence[Captured]) -> None:
        """Append *messages*; they are on the disk when this returns."""
        if not messages:
            return
        data = b"".join(map(encode, messages))
        self._log.write(data)
        self._log.flush()
        os.fsync(self._log.fileno())
        self._log_size += len(data)
        if self._log_size >= self._most:
            self._end_log()
            self._begin_log()

    def _claim(self) -> None:
        folder = self._folder
        if folder.exists() and not folder.is_dir():
            raise CaptureError(f"{folder} is a file; a capture is a folder: choose another name")
        if folder.is_dir() and any(folder.iterdir()) and not files(folder):
            raise CaptureError(f"{folder} holds other things: choose a new or an empty folder")
        folder.mkdir(parents=True, exist_ok=True)
        self._claimed = os.open(folder, os.O_RDONLY)
        try:
            fcntl.flock(self._claimed, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(self._claimed)
            raise CaptureError(f"{folder} is being recorded to: choose another folder") from error

    def _begin_log(self) -> None:
        self._number += 1
        path = self._folder / f"{self._number:06d}{LOG}"
        self._log = path.open("xb")
        self._log_size = 0

    def _end_log(self) -> None:
        self._log.close()
        future = self._closer.submit(_close_log, Path(self._log.name))
        self._closing.append((future, self._log_size))
        self._log_size = 0

    def _settle(self) -> None:
        """Count the logs that have become segments; raise what went wrong with one."""
        while self._closing and self._closing[0][0].done():
            future, _ = self._closing.pop(0)
            self._closed_bytes += future.result()


def _close_log(log: Path) -> int:
    """Make *log* a segment; return its size, 0 if the log holds nothing."""
    segment = log.with_suffix(SEGMENT)
    if not segment.exists():
        part = segment.with_suffix(SEGMENT + _PART)
        count = write_segment(part, read_log(log))
        if count:
            with part.open("rb") as file:
                os.fsync(file.fileno())
            part.rename(segment)
        else:
            part.unlink()
    log.unlink()
    return segment.stat().st_size if segment.exists() else 0
