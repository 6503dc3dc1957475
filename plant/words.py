"""Words for people about values and names that a payload holds."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def name_of(value: Any) -> str:
    """Return what kind of thing *value* is, and a text's beginning."""
    names = {dict: "an object", list: "a list", str: "text", bool: "true or false"}
    name = names.get(type(value), "null" if value is None else "a number")
    return f"{name} ({value[:40]!r})" if isinstance(value, str) else name


def listed(names: Iterable[str]) -> str:
    """Return the first of *names* in order, quoted."""
    names = sorted(names)
    shown = ", ".join(repr(n[:60]) for n in names[:24])
    return shown + (f" and {len(names) - 24} more" if len(names) > 24 else "")
