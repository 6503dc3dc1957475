"""How long each kind of trace takes in a database of millions of cells and a thousand rolls."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from bench.processes import cpu_s
from bench.trace_fill import CELLS_PER_ROLL, STRIP_M, STRIPS, begin_of
from genealogy.affected import Choice, cells_of, states_of, survey
from genealogy.states import SHOWN
from genealogy.trace import downstream, upstream, visits
from plant.load import PILOT, load_plant
from plant.model import Plant
from stack.postgres import PrivateCluster
from stack.services import Services
from storage.connect import Connection, connect

Ask = Callable[[Connection, random.Random], int]
Choose = Callable[[random.Random], Choice]


@dataclass(frozen=True, slots=True)
class TraceTime:
    """One kind of trace: the most *rows* it gave, and milliseconds from question to last row.

    *cold_ms* is the first one after the server's start with nothing of its files in memory; the
    others have different arguments each. *cpu_ms* is the processor time of one of those, of the
    server's process and the asker's, which other work on the machine leaves as it is.
    """

    trace: str
    rows: int
    cpu_ms: float
    cold_ms: float
    p50_ms: float
    p95_ms: float
    worst_ms: float


def measure(running: Services, cells: int, rounds: int) -> Iterator[TraceTime]:
    """Yield the time of each kind of trace, asked once cold and *rounds* times after that."""
    plant = load_plant(PILOT)
    chance = random.Random(1)  # noqa: S311  # which questions, not a secret
    for name, ask in _asks(plant, cells).items():
        _forget(running.cluster)
        with connect(
            running.database, application="jellyroll bench", autocommit=True
        ) as connection:
            first = _asked(connection, ask, chance)
            begun_s = _cpu_s(connection)
            asked = [_asked(connection, ask, chance) for _ in range(rounds)]
            cpu_ms = 1000 * (_cpu_s(connection) - begun_s) / rounds
        warm = [ms for _, ms in asked]
        p50, p95 = (float(value) for value in np.percentile(warm, [50, 95]))
        rows = max(rows for rows, _ in [first, *asked])
        yield TraceTime(name, rows, cpu_ms, first[1], p50, p95, max(warm))


def _cpu_s(connection: Connection) -> float:
    return cpu_s(connection.info.backend_pid) + time.process_time()


def _asked(connection: Connection, ask: Ask, chance: random.Random) -> tuple[int, float]:
    begun = time.perf_counter()
    rows = ask(connection, chance)
    return rows, 1000 * (time.perf_counter() - begun)


def _asks(plant: Plant, cells: int) -> dict[str, Ask]:
    """Return what to ask: by programs the ids or the states of all cells, by people a table."""

    def cell(connection: Connection, chance: random.Random) -> int:
        one = f"L1{chance.randrange(cells):015d}"
        used = upstream(connection, one)
        return len(used) + len(visits(connection, plant, [one])) + len(downstream(connection, one))

    def ids(choose: Choose) -> Ask:
        return lambda connection, chance: len(cells_of(connection, plant, choose(chance)))

    def shown(choose: Choose) -> Ask:
        """Return what a person asks: how many cells there are, and the first hundred."""
        return lambda connection, chance: survey(connection, plant, choose(chance), SHOWN).total

    def states(choose: Choose) -> Ask:
        return lambda connection, chance: len(states_of(connection, plant, choose(chance)))

    choices = _choices(plant, cells)
    return {
        "a cell, back to its lots and to where it was": cell,
        **{
            f"{name}, to cells": ids(choose)
            for name, choose in choices.items()
            if name.startswith("28 m")
        },
        **{f"{name}, to a table": shown(choose) for name, choose in choices.items()},
        "a roll, to the states of all its cells": states(choices["a roll"]),
    }


def _choices(plant: Plant, cells: int) -> dict[str, Choose]:
    begin = begin_of(plant, cells)
    wound = timedelta(seconds=cells / plant.production.cells_per_second)
    rolls = cells // CELLS_PER_ROLL
    day, hour = timedelta(days=1), timedelta(hours=1)

    def roll(chance: random.Random) -> str:
        return f"l1-{chance.choice('ca')}-roll-{chance.randrange(rolls):06d}"

    def strip(chance: random.Random) -> str:
        return f"{roll(chance)}-{chance.randint(1, STRIPS)}"

    def metres(thing: str, chance: random.Random) -> Choice:
        at = chance.uniform(0, STRIP_M - 28)
        return Choice(thing=thing, from_m=at, to_m=at + 28)

    def at(
        machine: str, length: timedelta, chance: random.Random, position: int | None = None
    ) -> Choice:
        length = min(length, wound)
        since = begin + chance.random() * (wound - length)
        return Choice(equipment=machine, position=position, since=since, until=since + length)

    def before(machine: str, hours: float, length: timedelta, chance: random.Random) -> Choice:
        """Choose a time in which *machine* made, or had, what cells of some roll are made of."""
        since = begin + wound * chance.randrange(rolls) / rolls - timedelta(hours=hours)
        return Choice(equipment=machine, since=since, until=since + length)

    trays = [machine.name for machine in plant.equipment_at("l1", "formation")]
    lots = max(rolls // 10, 1)
    return {
        "28 m of a strip": lambda c: metres(strip(c), c),
        "28 m of a roll": lambda c: metres(roll(c), c),
        "a strip": lambda c: Choice(thing=strip(c)),
        "a roll": lambda c: Choice(thing=roll(c)),
        "a lot": lambda c: Choice(thing=f"l1-c-lot-nca-{c.randrange(lots):06d}"),
        "an hour of the winder": lambda c: at("l1-winder-01", hour, c),
        "a month of a nozzle": lambda c: at("l1-filler-01", 30 * day, c, c.randint(1, 8)),
        "a channel of a tray": lambda c: Choice(
            equipment=c.choice(trays), position=c.randint(1, 256)
        ),
        "a day of a coater": lambda c: before("l1-coater-c-01", 49, day, c),
        "an hour of a vacuum dryer": lambda c: before("l1-dryer-c-01", 20, hour, c),
    }


def _forget(cluster: PrivateCluster) -> None:
    """Start the server anew, with its files dropped from the system's memory."""
    cluster.stop()
    os.sync()
    for file in (cluster.folder / "data").rglob("*"):
        with suppress(OSError):  # a socket, or gone
            descriptor = os.open(file, os.O_RDONLY)
            try:
                os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
            finally:
                os.close(descriptor)
    cluster.start()
