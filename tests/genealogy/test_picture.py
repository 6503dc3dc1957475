"""The picture of a cell: its material on the left, what became of it on the right."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree as ET

from genealogy.affected import State
from genealogy.checks import Flag
from genealogy.picture import CellTrace, picture
from genealogy.trace import Use, Visit

MORNING = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
SVG = "{http://www.w3.org/2000/svg}"


def use(child: str, parent: str, minute: int = 0) -> Use:
    at = MORNING + timedelta(minutes=minute)
    return Use(at, "l1-winder-01", child, parent, 1.0, 1.8, None)


def trace(*uses: Use, doubts: tuple[Flag, ...] = ()) -> CellTrace:
    return CellTrace(
        "cell-1",
        uses,
        [Visit(MORNING + timedelta(hours=1), "filling", "cell-1", "l1-filler-01", 3, "fail")],
        [use("module-9", "cell-1", 600)],
        State("cell-1", MORNING, None, "scrap", "nozzle <3>", None, None, "on hold"),
        doubts,
    )


def places(svg: str) -> dict[str, float]:
    """How far to the right each box is, by its whole name."""
    found = {}
    for group in ET.fromstring(svg).iter(f"{SVG}g"):
        title, box = group.find(f"{SVG}title"), group.find(f"{SVG}rect")
        if title is not None and box is not None:
            found[title.text or ""] = float(box.get("x", ""))
    return found


def test_material_is_left_of_the_cell_by_its_steps_and_what_came_then_is_right_of_it() -> None:
    x = places(
        picture(trace(use("cell-1", "strip"), use("strip", "roll"), use("cell-1", "separator")))
    )
    assert x["roll"] < x["strip"] == x["separator"] < x["cell-1"] < x["filling: fail"]
    assert x["filling: fail"] < x["module-9"] == x["on hold"] == x["scrap"]


def test_times_machines_metres_and_doubts_are_on_it() -> None:
    flag = Flag(MORNING, "metres of two cells", "cell-1", MORNING, "cell-2 has them, too")
    svg = picture(trace(use("cell-1", "strip"), doubts=(flag,)))
    words = {text.text for text in ET.fromstring(svg).iter(f"{SVG}text")}
    assert {"2026-11-22 06:00  l1-winder-01", "1.0 to 1.8 m", "nozzle <3>"} <= words
    assert {"2026-11-22 07:00", "l1-filler-01, 3"} <= words
    assert "metres of two cells: cell-2 has them, too" in words


def test_a_long_name_is_cut_in_its_middle_and_whole_where_one_points() -> None:
    name = "delivery-of-nickel-cobalt-aluminium-4711-b"
    svg = picture(trace(use("cell-1", name)))
    assert name in places(svg)
    words = {text.text or "" for text in ET.fromstring(svg).iter(f"{SVG}text")}
    (short,) = (word for word in words if word.startswith("delivery"))
    assert short.endswith("-4711-b")
    assert len(short) < 30 < len(name)


def test_records_in_a_circle_are_drawn_all_the_same() -> None:
    svg = picture(trace(use("cell-1", "a"), use("a", "b"), use("b", "a"), use("a", "cell-1")))
    assert {"a", "b", "cell-1"} <= places(svg).keys()


def test_a_cell_without_material_is_drawn() -> None:
    assert "cell-1" in places(picture(trace()))
