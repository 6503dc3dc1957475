"""pyarrow, where it is installed: it is only needed by who writes or reads Parquet."""

from __future__ import annotations

import importlib
from typing import Any


class NoParquetError(Exception):
    """pyarrow is not installed; the text says how to get it."""


def arrow() -> Any:
    """Return the module `pyarrow`; raise `NoParquetError` if it is not installed."""
    return _module("pyarrow")


def parquet() -> Any:
    """Return the module `pyarrow.parquet`; raise `NoParquetError` if it is not installed."""
    return _module("pyarrow.parquet")


def _module(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise NoParquetError(
            "Parquet needs pyarrow, which is not installed: pip install 'jellyroll[parquet]'"
        ) from error
