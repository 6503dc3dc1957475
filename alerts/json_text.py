"""JSON as alerts write it."""

from __future__ import annotations

from typing import Any

import orjson


def to_json(document: Any) -> bytes:
    """Return *document* as JSON: aware datetimes in UTC with a Z, NaN as null."""
    return orjson.dumps(document, option=orjson.OPT_UTC_Z)
