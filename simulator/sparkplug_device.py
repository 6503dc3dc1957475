"""A device of the simulated edge nodes: rows of payloads as Sparkplug metrics, and its birth."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from plant.model import Equipment, Plant
from plant.sparkplug_metrics import PREFIXES, targets
from plant.sparkplug_schema import DataType, Metric, Payload
from plant.tables import ColumnType, Kind

#: A message has no more metrics than these and a row.
_MOST_METRICS = 2_000
#: A value that is older than this when it leaves is not of now.
_HISTORICAL_MS = 60_000

_DATATYPES = {
    ColumnType.TEXT: DataType.STRING,
    ColumnType.FLOAT: DataType.DOUBLE,
    ColumnType.FLOATS: DataType.DOUBLE_ARRAY,
    ColumnType.SMALLINT: DataType.INT16,
}

Row = Mapping[str, Any]


class SparkplugDevice:
    """Machine *machine* as a device; its metrics have the aliases from *first_alias* on.

    `aliases_num` is how many there are.
    """

    def __init__(self, plant: Plant, machine: Equipment, first_alias: int) -> None:
        known = targets(plant, machine)
        self.name = machine.name
        self.aliases_num = len(known)
        self._aliases = {name: first_alias + index for index, name in enumerate(known)}
        self._types = {name: _DATATYPES[target.column.type] for name, target in known.items()}
        self._last: dict[str, Any] = {}
        self.is_born = False

    def birth(self, time_ms: int) -> Any:
        """Return the payload that declares all metrics, with the values that were sent last."""
        payload = Payload(timestamp=time_ms)
        for name, alias in self._aliases.items():
            metric = payload.metrics.add()
            if name in self._last:
                metric.CopyFrom(self._last[name])
            else:
                metric.is_null = True
            metric.name, metric.alias, metric.datatype = name, alias, self._types[name]
        self.is_born = True
        return payload

    def take_state(self, row: Row) -> None:
        """Have the state of *row* in the birth that is to come."""
        self._last |= dict(self._metrics(Kind.STATE, row, row["ts"]))

    def data(self, kind: Kind, rows: Iterator[Row], now_ms: int) -> Iterator[Any]:
        """Yield the payloads of *rows*, metrics by alias alone, in their order.

        A message holds several cells only where their times differ: what has one time is one cell.
        """
        payload, times = Payload(timestamp=now_ms), set[int]()
        for row in rows:
            is_full = len(payload.metrics) >= _MOST_METRICS
            if is_full or (kind is not Kind.TELEMETRY and row["ts"] in times):
                yield payload
                payload, times = Payload(timestamp=now_ms), set()
            times.add(row["ts"])
            for name, metric in self._metrics(kind, row, now_ms):
                payload.metrics.append(metric)
                self._last[name] = metric
        yield payload

    def _metrics(self, kind: Kind, row: Row, now_ms: int) -> Iterator[tuple[str, Any]]:
        time_ms = row["ts"]
        for column, value in row.items():
            if column == "ts":
                continue
            name = f"{PREFIXES[kind]}{'id' if column == 'cell' else column}"
            metric = Metric(alias=self._aliases[name], timestamp=time_ms)
            _put(metric, self._types[name], value)
            if time_ms < now_ms - _HISTORICAL_MS:
                metric.is_historical = True
            yield name, metric


def _put(metric: Any, datatype: DataType, value: Any) -> None:
    """Set *value*, which is of *datatype* or None."""
    if value is None:
        metric.is_null = True
    elif datatype is DataType.DOUBLE:
        metric.double_value = value
    elif datatype is DataType.STRING:
        metric.string_value = value
    elif datatype is DataType.INT16:
        metric.int_value = value
    else:
        metric.bytes_value = np.array(value, dtype="<f8").tobytes()
