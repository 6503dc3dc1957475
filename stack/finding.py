"""One thing the doctor found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from stack.errors import StackError

Level = Literal["ok", "warning", "problem"]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that was looked at; *advice* is empty when all is well."""

    name: str
    level: Level
    text: str
    advice: str = ""


def failure(name: str, error: StackError) -> Finding:
    """Return an error as a finding."""
    text = str(error).removesuffix(error.advice).strip()
    return Finding(name=name, level="problem", text=text, advice=error.advice)
