"""The Sparkplug load: each machine an edge node of its own; births first, then data by alias.

At QoS 0, as the specification demands. Protobuf writes small numbers short; here the sequence
number always takes two bytes, which any reader takes, so that all messages have one length.
"""

from __future__ import annotations

from dataclasses import dataclass

import mqtt5
import numpy as np
import numpy.typing as npt

from plant.model import Equipment, Plant
from plant.sparkplug_schema import DataType, Payload
from plant.sparkplug_topic import MessageType, NodeId, group_of, topic_of

_TIME_MS = 1_795_336_200_000  # as many bytes as any time until 2109
_TIME_BYTES = 6
_SEQ_FIELD = 3 << 3


@dataclass(frozen=True, slots=True)
class SparkplugPackets:
    """Ready packets, one row a machine; where in each the time and the sequence number stand."""

    table: npt.NDArray[np.uint8]
    births: tuple[bytes, ...]
    time: int
    seq: int

    def stamped(
        self,
        numbers: npt.NDArray[np.int64],
        ids: npt.NDArray[np.int64],  # noqa: ARG002  # none at QoS 0
        times_ms: npt.NDArray[np.int64],
    ) -> npt.NDArray[np.uint8]:
        """Return the packets of messages *numbers*, one a row, with these times."""
        machines = len(self.table)
        block = self.table[numbers % machines]
        for index in range(_TIME_BYTES):
            more = 0x80 if index < _TIME_BYTES - 1 else 0
            block[:, self.time + index] = times_ms >> (7 * index) & 0x7F | more
        seq = (numbers // machines + 1) % 256  # the birth has 0
        block[:, self.seq] = seq & 0x7F | 0x80
        block[:, self.seq + 1] = seq >> 7
        return block


def sparkplug_packets(plant: Plant, station: str) -> SparkplugPackets:
    """Return the ready packets of the machines of *station*."""
    machines = plant.equipment_at(plant.production.lines[0], station)
    signals = tuple(plant.stations[station].signals)
    data = [_data(plant, machine, len(signals)) for machine in machines]
    rows = np.frombuffer(b"".join(data), dtype=np.uint8).reshape(len(machines), -1).copy()
    time_bytes = Payload(timestamp=_TIME_MS).SerializeToString()
    place = data[0].index(time_bytes)
    return SparkplugPackets(
        rows,
        tuple(_birth(plant, machine, signals) for machine in machines),
        place + 1,
        len(data[0]) - 2,
    )


def _birth(plant: Plant, machine: Equipment, signals: tuple[str, ...]) -> bytes:
    payload = Payload(timestamp=_TIME_MS, seq=0)
    payload.metrics.add(name="bdSeq", datatype=DataType.INT64, long_value=0)
    for alias, name in enumerate(signals, start=1):
        payload.metrics.add(name=name, alias=alias, datatype=DataType.DOUBLE, is_null=True)
    return _packet(plant, machine, MessageType.NBIRTH, payload.SerializeToString())


def _data(plant: Plant, machine: Equipment, signals: int) -> bytes:
    payload = Payload(timestamp=_TIME_MS)
    for alias in range(1, signals + 1):
        payload.metrics.add(alias=alias, double_value=500.0 + alias / 8)
    written = payload.SerializeToString() + bytes([_SEQ_FIELD, 0x80, 0x00])
    return _packet(plant, machine, MessageType.NDATA, written)


def _packet(plant: Plant, machine: Equipment, message: MessageType, payload: bytes) -> bytes:
    node = NodeId(group_of(plant, machine.area), machine.name)
    topic = topic_of(node, message)
    return mqtt5.PublishPacket(topic, payload, qos=mqtt5.QoS.AT_MOST_ONCE).write()
