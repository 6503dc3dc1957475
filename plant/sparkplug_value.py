"""Values of Sparkplug metrics: from the datatype and the bytes on the wire to plain numbers."""

from __future__ import annotations

import math
from collections.abc import Callable
from operator import attrgetter
from typing import Any, NamedTuple

import numpy as np

from plant.errors import Reason, UnreadableError
from plant.sparkplug_schema import DataType
from plant.tables import ColumnType


class Reader(NamedTuple):
    """How metrics of one datatype are read.

    *field* is the member of the oneof that holds the value. *is_plain*: what `read` returns is a
    number that needs no check but that it is finite.
    """

    field: str
    read: Callable[[Any], Any]
    is_plain: bool = False


def _integer(field: str, bits: int, *, signed: bool) -> Reader:
    get = attrgetter(field)
    wire_bits = 64 if field == "long_value" else 32
    low = -(1 << (bits - 1)) if signed else 0
    high = (1 << (bits - signed)) - 1

    def read(metric: Any) -> int:
        value: int = get(metric)
        # A negative number comes as two's complement, of the field's width or of its own.
        if signed and value >> (wire_bits - 1):
            value -= 1 << wire_bits
        elif signed and high < value < 1 << bits:
            value -= 1 << bits
        if not low <= value <= high:
            detail = f"{value} does not fit an integer of {bits} bits, as the birth declares it"
            raise UnreadableError(Reason.WRONG_TYPE, detail)
        return value

    return Reader(field, read)


def _array(dtype: str) -> Reader:
    width = np.dtype(dtype).itemsize

    def read(metric: Any) -> list[float]:
        data = metric.bytes_value
        if len(data) % width:
            detail = f"an array of {width} byte numbers cannot have {len(data)} bytes"
            raise UnreadableError(Reason.WRONG_SHAPE, detail)
        values: list[float] = np.frombuffer(data, dtype).tolist()
        return values

    return Reader("bytes_value", read)


def _strings(metric: Any) -> list[str]:
    data: bytes = metric.bytes_value
    if data and not data.endswith(b"\0"):
        raise UnreadableError(Reason.WRONG_SHAPE, "the last string of an array has no NUL behind")
    return data.decode().split("\0")[:-1]


_text = Reader("string_value", attrgetter("string_value"))

#: Datatypes that can be a column; the others (dates, data sets, files, …) cannot.
READERS: dict[int, Reader] = {
    DataType.INT8: _integer("int_value", 8, signed=True),
    DataType.INT16: _integer("int_value", 16, signed=True),
    DataType.INT32: _integer("int_value", 32, signed=True),
    DataType.INT64: _integer("long_value", 64, signed=True),
    DataType.UINT8: _integer("int_value", 8, signed=False),
    DataType.UINT16: _integer("int_value", 16, signed=False),
    DataType.UINT32: Reader("int_value", attrgetter("int_value"), is_plain=True),
    DataType.UINT64: Reader("long_value", attrgetter("long_value"), is_plain=True),
    DataType.FLOAT: Reader("float_value", attrgetter("float_value"), is_plain=True),
    DataType.DOUBLE: Reader("double_value", attrgetter("double_value"), is_plain=True),
    DataType.STRING: _text,
    DataType.TEXT: _text,
    DataType.UUID: _text,
    DataType.INT8_ARRAY: _array("<i1"),
    DataType.INT16_ARRAY: _array("<i2"),
    DataType.INT32_ARRAY: _array("<i4"),
    DataType.INT64_ARRAY: _array("<i8"),
    DataType.UINT8_ARRAY: _array("<u1"),
    DataType.UINT16_ARRAY: _array("<u2"),
    DataType.UINT32_ARRAY: _array("<u4"),
    DataType.UINT64_ARRAY: _array("<u8"),
    DataType.FLOAT_ARRAY: _array("<f4"),
    DataType.DOUBLE_ARRAY: _array("<f8"),
    DataType.STRING_ARRAY: Reader("bytes_value", _strings),
}

_TEXTS = {DataType.STRING, DataType.TEXT, DataType.UUID, DataType.STRING_ARRAY}
_LISTS = {t for t in READERS if t >= DataType.INT8_ARRAY}


def fits(datatype: int, column_type: ColumnType, *, is_cell: bool) -> bool:
    """Whether a metric of *datatype* can fill a column; a tray's results come as arrays."""
    if datatype not in READERS or (datatype in _TEXTS) != (column_type is ColumnType.TEXT):
        return False
    return is_cell or (datatype in _LISTS) == (column_type is ColumnType.FLOATS)


def check_finite(name: str, value: Any) -> None:
    """Raise `UnreadableError` (not_finite) if *value*, or a number in it, is infinite."""
    numbers = value if isinstance(value, list) else [value]
    if any(isinstance(number, float) and math.isinf(number) for number in numbers):
        detail = f"{name!r} is infinite, which no number is; send null for a missing value"
        raise UnreadableError(Reason.NOT_FINITE, detail)


#: The property `Quality` is 192 when good, 0 when bad, 500 when stale. Gateways hand on OPC's finer
#: shades of good as well.
_GOOD = range(192, 256)


def is_good(metric: Any) -> bool:
    """Whether *metric* does not say of itself that its value is bad or stale."""
    properties = metric.properties
    for key, value in zip(properties.keys, properties.values, strict=False):
        if key == "Quality":
            quality: int = value.int_value or value.long_value
            return bool(value.is_null) or quality in _GOOD
    return True
