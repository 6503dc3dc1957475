"""The number of a message among those of its sender, by which a lost one shows."""

from __future__ import annotations

from typing import NamedTuple


class Number(NamedTuple):
    """Message *seq* of *source*, counted from the start of *run*; a later run has a larger one."""

    source: str
    run: int
    seq: int
