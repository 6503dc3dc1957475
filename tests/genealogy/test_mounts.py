"""What is mounted where and when, from events that come in order, late, or wrong."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import psycopg
import pytest
from psycopg.types.range import TimestamptzRange

from genealogy import checks, mounts
from genealogy.affected import Choice, cells_of, hold
from genealogy.checks import flags_of
from genealogy.current import bring_up
from genealogy.trace import lots_at, upstream, visits
from plant.model import Plant
from storage.connect import Connection, connect

MORNING = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
FILLER, COATER = "l1-filler-01", "l1-coater-a-01"


class Event(NamedTuple):
    """Something goes onto a machine, or off, so many minutes after the morning."""

    minute: float
    thing: str
    action: str = "mount"
    machine: str = FILLER
    slot: str = "electrolyte"


@pytest.fixture
def connection(migrated_database: str) -> Iterator[Connection]:
    with connect(migrated_database, application="test") as connection:
        yield connection


def came(connection: Connection, *events: Event) -> None:
    """Write *events* as ingest does, each in a batch of its own."""
    for event in events:
        time = MORNING + timedelta(minutes=event.minute)
        row = connection.execute(
            "INSERT INTO ingest.batch (id, worker, received_at, messages)"
            " VALUES (nextval('ingest.batch_id_seq'), 'test', now(), 1) RETURNING id"
        ).fetchone()
        assert row is not None
        connection.execute(
            "INSERT INTO ingest.batch_span VALUES (%s, 'material.mount', 1, %s, %s)",
            (*row, time, time),
        )
        connection.execute(
            "INSERT INTO material.mount (time, equipment, slot, thing, action, batch)"
            " VALUES (%s, %s, %s, %s, %s, %s)",
            (time, event.machine, event.slot, event.thing, event.action, *row),
        )
        connection.commit()


def mounted(connection: Connection) -> list[tuple[str, float, float | None]]:
    """What was there from which minute to which."""
    mounts.catch_up(connection)
    connection.commit()
    rows = connection.execute("SELECT thing, during FROM material.mounted ORDER BY during")
    return [
        (
            thing,
            (during.lower - MORNING) / timedelta(minutes=1),
            (during.upper - MORNING) / timedelta(minutes=1) if during.upper else None,
        )
        for thing, during in rows
    ]


def test_each_thing_is_there_until_the_next_one_or_until_it_is_taken_off(
    connection: Connection,
) -> None:
    came(connection, Event(0, "a"), Event(10, "b"), Event(20, "b", "unmount"), Event(30, "c"))
    assert mounted(connection) == [("a", 0, 10), ("b", 10, 20), ("c", 30, None)]


def test_a_late_event_changes_the_intervals_around_it(connection: Connection) -> None:
    came(connection, Event(0, "a"), Event(20, "c"))
    assert mounted(connection) == [("a", 0, 20), ("c", 20, None)]
    came(connection, Event(10, "b"))
    assert mounted(connection) == [("a", 0, 10), ("b", 10, 20), ("c", 20, None)]


def test_what_takes_several_passes_comes_to_the_same(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first pass sees events whose batches only the later ones follow."""
    monkeypatch.setattr(mounts, "AT_ONCE", 2)
    came(connection, *(Event(10 * n, f"drum-{n}") for n in range(7)))
    expected = [(f"drum-{n}", 10 * n, 10 * n + 10 if n < 6 else None) for n in range(7)]
    assert mounted(connection) == expected


def test_two_things_cannot_be_in_one_place_at_one_time(connection: Connection) -> None:
    came(connection, Event(0, "a"))
    mounted(connection)
    during = TimestamptzRange(MORNING + timedelta(minutes=5), None)
    with pytest.raises(psycopg.errors.ExclusionViolation):
        connection.execute(
            "INSERT INTO material.mounted VALUES (%s, 'electrolyte', 'b', %s)", (FILLER, during)
        )


def test_the_role_of_the_services_may_bring_up_and_hold(
    connection: Connection, pilot: Plant
) -> None:
    came(connection, Event(0, "a"), Event(5, "b", "unmount"))
    connection.execute("SET ROLE jellyroll_writer")
    bring_up(connection, pilot)
    assert hold(connection, ["cell-1"], "kim", "pinholes") == 1
    connection.execute("RESET ROLE")
    assert mounted(connection) == [("a", 0, 5)]


def test_taking_off_what_is_not_there_is_kept_and_flagged(connection: Connection) -> None:
    came(connection, Event(0, "a"), Event(10, "b", "unmount"))
    assert mounted(connection) == [("a", 0, 10)]
    (flag,) = flags_of(connection, None, 10)
    assert (flag.kind, flag.thing) == ("unmounted elsewhere", "b")
    assert flag.detail == "b was taken off l1-filler-01, electrolyte, where a was"


@pytest.fixture
def made(connection: Connection) -> Connection:
    """Cells of a roll on copper foil, filled from two drums one after the other."""
    connection.execute(
        "INSERT INTO material.genealogy (time, equipment, child, parent, from_m, to_m, amount_kg)"
        " VALUES (%(t)s, 'l1-coater-a-01', 'roll-1', 'slurry-1', NULL, NULL, 100),"
        "        (%(t)s, 'l1-slitter-a-01', 'strip-1', 'roll-1', 0, 3000, NULL),"
        "        (%(t)s, 'l1-winder-01', 'cell-1', 'strip-1', 0, 0.8, NULL),"
        "        (%(t)s, 'l1-winder-01', 'cell-2', 'strip-1', 0.8, 1.6, NULL)",
        {"t": MORNING},
    )
    connection.execute(
        "INSERT INTO cell.filling (time, cell, equipment, position) VALUES"
        " (%(t)s, 'cell-1', 'l1-filler-01', 1),"
        " (%(t)s::timestamptz + interval '30 min', 'cell-2', 'l1-filler-01', 2)",
        {"t": MORNING},
    )
    came(
        connection,
        Event(-60, "foil-1", machine=COATER, slot="copper_foil"),
        Event(60, "foil-2", machine=COATER, slot="copper_foil"),
        Event(-5, "drum-1"),
        Event(20, "drum-2"),
    )
    mounted(connection)
    return connection


def test_a_bought_lot_leads_to_the_cells_that_it_went_into(made: Connection, pilot: Plant) -> None:
    for lot, cells in (
        ("drum-1", ["cell-1"]), ("drum-2", ["cell-2"]), ("foil-1", ["cell-1", "cell-2"]),
        ("foil-2", []),
    ):  # fmt: skip
        assert cells_of(made, pilot, Choice(thing=lot)) == cells


def test_a_cell_leads_to_the_bought_lots_in_it(made: Connection, pilot: Plant) -> None:
    uses = lots_at(made, pilot, upstream(made, "cell-2"), visits(made, pilot, ["cell-2"]))
    assert {(use.child, use.parent) for use in uses} == {
        ("cell-2", "drum-2"), ("roll-1", "foil-1"),
    }  # fmt: skip


def test_a_cell_that_lies_in_a_channel_where_another_was_placed_is_flagged(
    connection: Connection, pilot: Plant
) -> None:
    tray = "l1-tray-001"
    came(connection, *(Event(0, f"cell-{n}", machine=tray, slot=f"channel {n}") for n in (1, 2)))
    connection.execute(
        "INSERT INTO ingest.batch (id, worker, received_at, messages)"
        " VALUES (900, 'test', now(), 1)"
    )
    connection.execute(
        "INSERT INTO ingest.batch_span VALUES (900, 'cell.formation', 2, %(t)s, %(t)s)",
        {"t": MORNING + timedelta(hours=1)},
    )
    connection.execute(
        "INSERT INTO cell.formation (time, cell, equipment, position, batch) VALUES"
        " (%(t)s, 'cell-1', %(tray)s, 1, 900), (%(t)s, 'cell-3', %(tray)s, 2, 900)",
        {"t": MORNING + timedelta(hours=1), "tray": tray},
    )
    connection.commit()
    mounts.catch_up(connection)
    assert checks.catch_up(connection, pilot) == 1
    (flag,) = flags_of(connection, None, 10)
    assert (flag.kind, flag.thing) == ("another cell was placed there", "cell-3")
    assert "cell-2 was placed" in flag.detail
