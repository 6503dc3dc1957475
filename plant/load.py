"""plant.toml to `Plant`: all errors of a file at once, each with its place and what to do."""

from __future__ import annotations

import difflib
import re
import tomllib
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from plant.model import Plant
from plant.signals import Part

HERE = Path(__file__).parent
REFERENCE = HERE / "plant.toml"
PILOT = HERE / "pilot.toml"


class PlantError(Exception):
    """A plant file cannot be used; the text lists every error with its place."""

    def __init__(self, path: Path, errors: list[str]) -> None:
        self.path = path
        self.errors = errors
        count = f"{len(errors)} error{'s' if len(errors) > 1 else ''}"
        super().__init__("\n".join([f"{path}: {count}", *(f"  {e}" for e in errors)]))


def load_plant(path: Path | str = REFERENCE) -> Plant:
    """Read *path* (TOML) and return the plant.

    A file may begin with `base = "other.toml"`: then it says only what is different from that
    file; tables are merged key by key, and `key = "none"` takes an entry of the base away.
    Raise `PlantError` with all errors at once; a rule that joins several parts (machines of two
    stations with one name) is checked once the parts are right.
    """
    path = Path(path)
    try:
        return Plant.model_validate(_read(path, asked_by=()))
    except ValidationError as error:
        # A list whose items were refused is called too short besides; that helps nobody.
        real = [e for e in error.errors() if e["type"] != "too_short" or not e["input"]]
        raise PlantError(path, [_explain(e) for e in real]) from error


def _read(path: Path, asked_by: tuple[Path, ...]) -> dict[str, Any]:
    """Return the document of *path* merged into its bases; *asked_by* are the files above it."""
    place = path.resolve()
    if place in asked_by:
        chain = " -> ".join(p.name for p in (*asked_by, place))
        raise PlantError(path, [f"base: files name each other ({chain}); one of them must not"])
    try:
        # utf-8-sig: editors on Windows put a byte order mark in front.
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        advice = f"mend base in {asked_by[-1]}" if asked_by else "give a plant file with --plant"
        raise PlantError(path, [f"cannot be read ({error.strerror}); {advice}"]) from error
    except UnicodeDecodeError as error:
        raise PlantError(path, [f"is not UTF-8 at byte {error.start}; save it as UTF-8"]) from error
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PlantError(path, [f"is not TOML: {error}"]) from error
    base = document.pop("base", None)
    if base is None:
        return document
    if not isinstance(base, str):
        raise PlantError(path, ["base: must be the name of a file beside this one, in quotes"])
    return _merged(_read(path.parent / base, (*asked_by, place)), document)


def _merged(base: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    result = dict(base)
    for key, value in changes.items():
        old = result.get(key)
        if value == "none" and key in result and not isinstance(old, str):
            del result[key]
        elif isinstance(value, dict) and isinstance(old, dict):
            result[key] = _merged(old, value)
        else:
            result[key] = value
    return result


#: What a value must be, in the words of a TOML file, by pydantic's kind of error.
_MUST = {
    "bool_type": "must be true or false",
    "dict_type": "must be a table",
    "finite_number": "must be a finite number",
    "float_type": "must be a number",
    "int_type": "must be a whole number",
    "model_type": "must be a table",
    "string_type": "must be text in quotes",
    "tuple_type": "must be a list in brackets",
}

#: The two patterns of names (`plant.signals.Name`, `TopicWord`) in words.
_WORDS = {
    "^[a-z]": "must begin with a small letter and hold only small letters, digits and _",
    "^[A-Za-z0-9]": "must hold only letters, digits, - and _, and not begin with - or _",
}

_KEYS = sorted({name for part in Part.__subclasses__() for name in part.model_fields} | {"base"})


def _explain(error: ErrorDetails) -> str:
    place = ".".join(str(part) for part in error["loc"] if part != "[key]") or "the file"
    kind, given = error["type"], error["input"]
    if kind == "missing":
        return f"{place}: is missing; add it"
    if kind == "extra_forbidden":
        near = difflib.get_close_matches(str(error["loc"][-1]), _KEYS, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else "; remove it or mend its spelling"
        return f"{place}: is not known here{hint}"
    if kind == "too_short":
        return f"{place}: is empty; name at least one"
    if kind == "string_pattern_mismatch":
        pattern = error["ctx"]["pattern"]
        words = next(text for start, text in _WORDS.items() if pattern.startswith(start))
        return f"{place}: {given!r} {words}, at most 48"
    if kind == "value_error":
        text = error["msg"].removeprefix("Value error, ")
        return f"{place}: {text}"
    text = _MUST.get(kind) or re.sub(r"^\w+ should", "must", error["msg"])
    return f"{place}: {text}, not {_short(given)}"


def _short(given: Any) -> str:
    text = str(given).lower() if isinstance(given, bool) else repr(given)
    return text if len(text) <= 60 else f"{text[:57]}..."
