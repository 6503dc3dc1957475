"""Traces for a person: a tree of what a cell was made from, a table of what a roll went into."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from rich.markup import escape
from rich.table import Table
from rich.tree import Tree

from genealogy.affected import Survey
from genealogy.states import caption_of
from genealogy.trace import Use, Visit

#: The worse comes first; a cell's verdict is the worst it got anywhere.
_SEVERITY = ("fail", "hold", "pass")
_COLOURS = {"fail": "red", "hold": "yellow", "pass": "green"}


def material_tree(thing: str, uses: Sequence[Use]) -> Tree:
    """Return a tree from *thing* to its raw materials; shared material unfolds only once."""
    tree = Tree(f"[bold]{escape(thing)}[/bold]")
    by_child: dict[str, list[Use]] = {}
    for use in uses:
        by_child.setdefault(use.child, []).append(use)
    unfolded = {thing}
    branches = [(tree, thing)]
    while branches:
        branch, child = branches.pop()
        for use in by_child.get(child, ()):
            seen = use.parent in unfolded
            above = " (as elsewhere here)" if seen and use.parent in by_child else ""
            twig = branch.add(f"{escape(use.parent)}  [dim]{_describe(use)}{above}[/dim]")
            if not seen:
                unfolded.add(use.parent)
                branches.append((twig, use.parent))
    return tree


def product_tree(thing: str, uses: Sequence[Use]) -> Tree:
    """Return a tree from *thing* to all that was made from it; what is shared unfolds only once."""
    turned = [replace(use, child=use.parent, parent=use.child) for use in uses]
    return material_tree(thing, turned)


def visit_table(visits: Iterable[Visit]) -> Table:
    """Return one row a visit, in the order given."""
    table = Table("time", "station", "machine", "position", "verdict", box=None)
    for visit in visits:
        position = "" if visit.position is None else str(visit.position)
        moment = f"{visit.time:%Y-%m-%d %H:%M:%S}"
        table.add_row(moment, visit.station, visit.equipment, position, _coloured(visit.verdict))
    return table


def product_table(uses: Sequence[Use], visits: Iterable[Visit], found: Survey) -> Table:
    """Return what *uses* led to in the end, a row for each of the first in *found*.

    The verdict is the worst of all the product's *visits*.
    """
    places: dict[str, str] = {}
    worst: dict[str, str] = {}
    for visit in visits:
        places[visit.cell] = f"{visit.station}, {visit.equipment}"
        worst[visit.cell] = _worse(worst.get(visit.cell), visit.verdict)
    first_use = {use.child: use for use in reversed(uses)}
    table = Table(
        "made", "from", "what went in", "last seen at", "verdict", "grade", "state", "flags",
        box=None, caption=caption_of(found, "in all"), caption_justify="left",
    )  # fmt: skip
    for state in found.first:
        use = first_use[state.cell]
        table.add_row(
            escape(use.child), escape(use.parent), _amount(use), places.get(use.child, ""),
            _coloured(worst.get(use.child)), state.grade or "", state.state, state.doubts or "",
        )  # fmt: skip
    return table


def products(uses: Sequence[Use]) -> list[Use]:
    """Return the uses whose child was not used further, the first one of each child."""
    parents = {use.parent for use in uses}
    ends: dict[str, Use] = {}
    for use in uses:
        if use.child not in parents:
            ends.setdefault(use.child, use)
    return list(ends.values())


def _describe(use: Use) -> str:
    return ", ".join(filter(None, (_amount(use), use.equipment, f"{use.time:%Y-%m-%d %H:%M}")))


def _amount(use: Use) -> str:
    metres = f"{use.from_m:g} to {use.to_m:g} m" if None not in {use.from_m, use.to_m} else ""
    mass = f"{use.amount_kg:g} kg" if use.amount_kg is not None else ""
    return ", ".join(filter(None, (metres, mass)))


def _worse(one: str | None, other: str | None) -> str:
    return next((verdict for verdict in _SEVERITY if verdict in {one, other}), "")


def _coloured(verdict: str | None) -> str:
    return f"[{_COLOURS.get(verdict, 'default')}]{verdict}[/]" if verdict else ""
