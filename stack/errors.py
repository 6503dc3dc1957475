"""The one error of this room."""

from __future__ import annotations


class StackError(Exception):
    """The private stack cannot do what was asked.

    The message says what failed, where, and what to do about it; *advice* is that last part alone.
    """

    def __init__(self, what: str, advice: str) -> None:
        super().__init__(f"{what.rstrip()}\n{advice}")
        self.advice = advice
