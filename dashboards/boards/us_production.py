"""US production: what sold energy is eligible, what it rests on, and what becomes of scrap."""

from __future__ import annotations

from dashboards import palette, panels
from dashboards.panels import Board, Frame, Panel, Query
from dashboards.sql import query
from plant.model import Plant

NEEDS = frozenset({"end_of_line"})

_STATES = {
    "expired": ("Expired", palette.HIGH),
    "soon": ("Within 90 days", palette.MEDIUM),
    "valid": ("Valid", palette.NORMAL),
}
_MONTHS = {"eligible": ("Eligible", palette.NORMAL)}
_DAY_S = 86_400.0
_SHARE, _USD, _KG = panels.unit("percentunit"), panels.unit("currencyUSD"), panels.unit("masskg")
_NOTHING = "No statement is recorded: jellyroll ledger --year … --record"


def board(plant: Plant) -> Board:
    """Return the board `jr-us`."""
    del plant
    return panels.board(
        "jr-us",
        "US production",
        "What sold energy is eligible for the production credit, and what it rests on. "
        "It informs; it is not tax advice.",
        panels=panels.arranged(
            (5, [(6, _energy()), (6, _credit()), (6, _age()), (6, _unverified())]),
            (8, [(12, _to_date()), (12, _products())]),
            (9, [(10, _domestic()), (14, _materials())]),
            (9, [(14, _months()), (10, _excluded())]),
            (10, [(13, _lots()), (11, _certificates())]),
            (9, [(12, _failed()), (12, _scrap())]),
            (10, [(24, _by_cause())]),
        ),
        variables=[
            panels.source_variable(),
            panels.hidden_text("web", "http://127.0.0.1:8080"),
            panels.variable("year", "Year of sale", query("us_years")),
            panels.variable("product", "Product", query("us_products"), many=True),
        ],
        since="now-90d",
    )


def _energy() -> Panel:
    return panels.stat(
        Frame(
            title="Eligible energy", unit="kwatth", no_value=_NOTHING,
            description="Sold in the year to unrelated persons and not excluded, as last recorded.",
        ),
        query("us_energy"),
    )  # fmt: skip


def _credit() -> Panel:
    return panels.stat(
        Frame(
            title="Credit to date", unit="currencyUSD", no_value=_NOTHING,
            description="By the rate and the phase-down of the year. It is not tax advice.",
        ),
        query("us_credit"),
    )  # fmt: skip


def _age() -> Panel:
    return panels.stat(
        Frame(
            title="Recorded before", unit="s", no_value=_NOTHING,
            description="How old these figures are; `jellyroll ledger --record` renews them.",
        ),
        query("us_age"),
        thresholds=[(7 * _DAY_S, palette.MEDIUM)],
    )  # fmt: skip


def _unverified() -> Panel:
    return panels.stat(
        Frame(
            title="Figures of law to verify", unit="short", no_value=_NOTHING,
            description="Figures in the rules that nobody has compared with the text of the law.",
        ),
        query("us_unverified"),
        thresholds=[(1, palette.MEDIUM)],
    )  # fmt: skip


def _to_date() -> Panel:
    return panels.trend(
        Frame(
            title="Credit by product, each time that it was recorded", unit="currencyUSD",
            no_value="Nothing was recorded in this time",
            description="Of the year of sale, up to the day of each statement.",
        ),
        [Query(query("us_to_date"))],
    )  # fmt: skip


def _products() -> Panel:
    return panels.table(
        Frame(
            title="Eligible by product", unit="none", no_value=_NOTHING,
            description="Cells, energy and credit of each variant of the cell.",
        ),
        query("us_by_product"),
        columns={"credit": [_USD]},
    )  # fmt: skip


def _domestic() -> Panel:
    return panels.bars(
        Frame(
            title="Domestic share by material", unit="percentunit", no_value=_NOTHING,
            description="Part of the cost that is of lots produced in the United States, the "
            "dearest material first.",
        ),
        query("us_domestic"),
        over="material",
    )  # fmt: skip


def _materials() -> Panel:
    return panels.table(
        Frame(
            title="Material by product", unit="none", no_value=_NOTHING,
            description="What it cost in the cells sold, which part is domestic, and which part a "
            "certificate says to be of no prohibited foreign entity.",
        ),
        query("us_materials"),
        columns={"cost": [_USD], "domestic": [_SHARE], "not prohibited": [_SHARE]},
    )  # fmt: skip


def _months() -> Panel:
    return panels.table(
        Frame(
            title="Material-assistance ratio by month of sale", unit="none", no_value=_NOTHING,
            description="The ratio, the least that the year asks for, and what becomes of the "
            "month.",
        ),
        query("us_months"),
        columns={
            "material": [_USD],
            "ratio": [_SHARE],
            "least": [_SHARE],
            "domestic": [_SHARE],
            "what it is": panels.ground(_MONTHS),
        },
    )  # fmt: skip


def _excluded() -> Panel:
    return panels.bars(
        Frame(
            title="Energy that counts for nothing, and why", unit="kwatth",
            no_value="Nothing is excluded",
            description="By the first thing that speaks against a cell; what is in stock is not "
            "sold yet.",
        ),
        query("us_excluded"),
        over="because",
    )  # fmt: skip


def _lots() -> Panel:
    return panels.table(
        Frame(
            title="Lots that block most", unit="none", no_value="No lot has a problem",
            description="Lots that do not count as of no prohibited entity, or that the books do "
            "not know, by the energy of the months that are excluded with them.",
        ),
        query("us_lots"),
        columns={"kWh excluded": panels.above(0.001, palette.MEDIUM),
                 "cost that does not count": [_USD]},
    )  # fmt: skip


def _certificates() -> Panel:
    return panels.table(
        Frame(
            title="Certificates that expire", unit="none", no_value="None within a year",
            description="Of all lots in the books, from 90 days ago to a year ahead. What counts "
            "for a lot is the day on which it was received.",
        ),
        query("us_certificates"),
        columns={"state": panels.ground(_STATES)},
    )  # fmt: skip


def _failed() -> Panel:
    return panels.table(
        Frame(
            title="Scrap by station and cause", unit="none", no_value="No cell failed",
            description="Cells of the year by where they failed first and the result that was "
            "outside its limits; what their material cost, and how many were recycled.",
        ),
        query("us_failed"),
        columns={"material": [_USD]},
    )  # fmt: skip


def _scrap() -> Panel:
    return panels.table(
        Frame(
            title="Scrap by material", unit="none", no_value="No cell failed",
            description="In failed cells of the year, and what of it went back to recycling: the "
            "life of the material inside the country.",
        ),
        query("us_scrap"),
        columns={
            "kg": [_KG], "recycled kg": [_KG], "recycled": [_SHARE],
            "worth": [_USD], "worth, recycled": [_USD],
        },
    )  # fmt: skip


def _by_cause() -> Panel:
    return panels.table(
        Frame(
            title="Scrap by station, cause and material", unit="none", no_value="No cell failed",
            description="The hundred dearest.",
        ),
        query("us_scrap_by_cause"),
        columns={"kg": [_KG], "recycled kg": [_KG], "worth": [_USD]},
    )  # fmt: skip
