"""The report of a year for a person."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from genealogy.us.report import LotUse, Report
from genealogy.us.scrap import Scrap

#: Lots that a report names; `jellyroll ledger lots` has all.
_LOTS = 10


def show(report: Report) -> Iterator[RenderableType]:
    """Yield what to print of *report*, its warnings first."""
    yield Text(report.disclaimer, style="dim")
    for figure in report.verify:
        yield Text(f"verify: {figure}", style="yellow")
    yield Text(
        f"{report.year}: {report.kwh:,.3f} kWh eligible, credit USD {report.credit_usd:,.2f} "
        f"({report.factor:.0%} of the rate)",
        style="bold",
    )
    yield _table(
        ("product", "cells", "kWh", "credit USD"),
        (
            (p.product, f"{p.cells:,}", f"{p.kwh:,.3f}", f"{p.credit_usd:,.2f}")
            for p in report.products
        ),
    )
    yield _table(
        ("product", "month", "cells", "kWh", "material USD", "ratio", "least", "domestic", ""),
        (
            (
                m.product, f"{m.month:%Y-%m}", f"{m.cells:,}", f"{m.kwh:,.3f}",
                f"{m.cost_usd:,.2f}", _share(m.ratio), f"{m.threshold:.1%}",
                _share(m.domestic_ratio),
                "; ".join(filter(None, (m.reason, ", ".join(m.unknown)))),
            )
            for m in report.months
        ),
    )  # fmt: skip
    yield _table(
        ("excluded because", "product", "cells", "kWh"),
        ((e.reason, e.product, f"{e.cells:,}", f"{e.kwh:,.3f}") for e in report.excluded),
    )
    yield _table(
        ("material", "product", "USD", "not prohibited", "domestic"),
        (
            (
                m.material, m.product, f"{m.cost_usd:,.2f}", _share(m.clean_ratio),
                _share(m.domestic_ratio),
            )
            for m in report.materials
        ),
    )  # fmt: skip
    if blocking := [lot for lot in report.lots if lot.problem][:_LOTS]:
        yield lot_table(blocking)
    yield Text(f"Keep the records of these sales until {report.keep_until}.", style="dim")


def lot_table(lots: Sequence[LotUse]) -> Table:
    """Return a row for each of *lots*."""
    return _table(
        ("lot", "material", "product", "month", "amount", "USD", "does not count because",
         "kWh excluded with it"),
        (
            (
                lot.lot, lot.material, lot.product, f"{lot.month:%Y-%m}",
                f"{lot.amount:,.3f} {lot.unit}",
                "-" if lot.cost_usd is None else f"{lot.cost_usd:,.2f}", lot.problem or "",
                f"{lot.blocked_kwh:,.3f}" if lot.problem else "",
            )
            for lot in lots
        ),
    )  # fmt: skip


def show_scrapped(scrap: Scrap) -> Iterator[RenderableType]:
    """Yield what to print of *scrap*."""
    cells = sum(cause.cells for cause in scrap.causes)
    yield Text(
        f"{scrap.since:%Y-%m-%d %H:%M} to {scrap.until:%Y-%m-%d %H:%M}: {cells:,} cells failed",
        style="bold",
    )
    yield _table(
        ("product", "station", "because of", "cells", "recycled", "material USD"),
        (
            (
                c.product, c.station, c.result, f"{c.cells:,}", f"{c.recycled:,}",
                f"{c.cost_usd:,.2f}",
            )
            for c in scrap.causes
        ),
    )  # fmt: skip
    yield _table(
        ("station", "because of", "material", "kg", "recycled kg", "USD", "recycled USD"),
        (
            (
                m.station, m.result, m.material, _kg(m.kg), _kg(m.recycled_kg),
                f"{m.cost_usd:,.2f}", f"{m.recycled_usd:,.2f}",
            )
            for m in scrap.materials
        ),
    )  # fmt: skip


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Table:
    table = Table(*heads, box=None, header_style="dim", padding=(0, 2, 0, 0))
    for row in rows:
        table.add_row(*row)
    return table


def _share(part: float | None) -> str:
    return "-" if part is None else f"{part:.1%}"


def _kg(mass: float | None) -> str:
    return "not known" if mass is None else f"{mass:,.3f}"
