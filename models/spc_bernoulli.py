"""jellyroll spc bernoulli: the chart of units that are good or bad."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from models.spc.bernoulli import Design, step_of
from models.spc.planning import SpcError
from models.spc.runlength_bernoulli import bernoulli_arl
from plant.options import Json

#: Rates that a design is shown for, as multiples of p0.
_MULTIPLES = (1.0, 2.0, 3.0, 5.0, 10.0, 20.0)
#: A larger limit is more states than anybody waits for.
_LARGEST = 10_000_000


def bernoulli_command(
    *,
    p0: Annotated[float, typer.Option(help="The usual share of bad units.", show_default=False)],
    p1: Annotated[
        float, typer.Option(help="The share to be seen soonest, above p0.", show_default=False)
    ],
    arl0: Annotated[
        float | None, typer.Option(help="Units between two false alarms; gives the limit.")
    ] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, max=_LARGEST, help="Or the limit itself, in good units.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Show a chart of rare bad units (Bernoulli CUSUM): what one counts, limit, how soon it sees.

    A good unit takes 1 off the sum, a bad one adds step - 1; it alarms at the limit.

    Example: jellyroll spc bernoulli --p0 0.0003 --p1 0.0015 --arl0 3000000
    """
    if (arl0 is None) == (limit is None):
        raise SpcError("give --arl0, from which the limit follows, or --limit, one of the two")
    if arl0 is not None:
        design = Design.of(p0, p1, arl0)
    else:
        assert limit is not None
        design = Design(p0, p1, step_of(p0, p1), limit)
    runs = [
        (p, bernoulli_arl(design.limit, design.step, p))
        for p in (p0 * multiple for multiple in _MULTIPLES)
        if p < 1.0
    ]
    if as_json:
        shown = {**design._asdict(), "rates": [{"p": p, "arl": run} for p, run in runs]}
        typer.echo(json.dumps({"chart": "bernoulli", **shown}))
        return
    typer.echo(
        f"bernoulli p0={p0:g} p1={p1:g}: a bad unit counts {design.step}, limit {design.limit}"
        f" ({design.limit / design.step:.2f} bad units)"
    )
    for p, run in runs:
        what = "false alarm" if p == p0 else "alarm"
        typer.echo(f"  {p:<8.4g} {what} after {run:,.6g} units, {run * p:,.4g} bad ones")
