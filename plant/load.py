"""plant.toml to `Plant`: all errors of a file at once, each with its place and what to do."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from plant.model import Plant

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
    file; tables are merged key by key, and `key = "none"` in a table takes an entry away.
    Raise `PlantError` with all errors at once.
    """
    path = Path(path)
    try:
        return Plant.model_validate(_read(path, seen=()))
    except ValidationError as error:
        raise PlantError(path, [_explain(e) for e in error.errors()]) from error


def _read(path: Path, seen: tuple[Path, ...]) -> dict[str, Any]:
    if path in seen:
        raise PlantError(path, ["base: files name each other as base; one of them must not"])
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        reason = f"cannot be read ({error.strerror}); give a plant file with --plant"
        raise PlantError(path, [reason]) from error
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
        raise PlantError(path, ["base: must be the name of a file beside this one"])
    return _merged(_read(path.parent / base, (*seen, path)), document)


def _merged(base: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    result = dict(base)
    for key, value in changes.items():
        old = result.get(key)
        if value == "none" and isinstance(old, dict):
            del result[key]
        elif isinstance(value, dict) and isinstance(old, dict):
            result[key] = _merged(old, value)
        else:
            result[key] = value
    return result


_ADVICE = {
    "missing": "is missing; add it",
    "extra_forbidden": "is not known here; remove it or mend its spelling",
}


def _explain(error: Any) -> str:
    place = ".".join(str(part) for part in error["loc"] if part != "[key]") or "the file"
    kind = error["type"]
    if kind in _ADVICE:
        return f"{place}: {_ADVICE[kind]}"
    if kind == "string_pattern_mismatch":
        return f"{place}: {error['input']!r} must match {error['ctx']['pattern']}"
    text = error["msg"].removeprefix("Value error, ")
    given = "" if kind == "value_error" else f", not {error['input']!r}"
    return f"{place}: {text[0].lower()}{text[1:]}{given}"
