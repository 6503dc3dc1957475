"""jellyroll spc: run lengths of control charts, and limits from a budget of false alarms."""

from __future__ import annotations

import json
import math
from typing import Annotated

import typer

from models.spc.planning import LIMITS, Chart, Plan, SpcError, arl, arl0_of_budget, limit
from models.spc.rules import Rule, parse_rules
from models.spc.runlength_rules import RulesArl, is_exact, rules_arl
from models.spc_bernoulli import bernoulli_command
from plant.options import Json

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Control charts: how soon they alarm, and the limits that a budget of alarms allows.",
)

app.command("bernoulli")(bernoulli_command)

#: Shifts, in sd, that a design is shown for.
_SHIFTS = (0.25, 0.5, 1.0, 2.0, 3.0)

ChartName = Annotated[Chart, typer.Option("--chart", help="The chart.", show_default=False)]
Lam = Annotated[float, typer.Option(help="ewma, mewma: the share of the newest point.")]
Allowance = Annotated[float, typer.Option("--k", help="cusum: half the shift to be seen, in sd.")]
Clip = Annotated[
    float | None,
    typer.Option(help="cusum: cut scores at so many sd; the monitor's own charts use 4."),
]
HeadStart = Annotated[float, typer.Option(help="cusum: begin at this share of the limit.")]
RuleSet = Annotated[
    str, typer.Option("--rules", help="rules: numbers or names, or nelson, western-electric.")
]
Variables = Annotated[int, typer.Option(help="t2, mewma: the signals of one chart.")]


@app.command("arl")
def arl_command(
    *,
    chart: ChartName,
    limit: Annotated[
        float | None,
        typer.Option(help="L, h, k, T2 or H; for rules the width of a zone, 1 sd if not said."),
    ] = None,
    shift: Annotated[
        float, typer.Option(help="Shift of the mean, in sd (t2, mewma: Mahalanobis distance).")
    ] = 0.0,
    lam: Lam = 0.1,
    k: Allowance = 0.5,
    clip: Clip = None,
    head_start: HeadStart = 0.0,
    rules: RuleSet = "default",
    variables: Variables = 2,
    as_json: Json = False,
) -> None:
    """Show the average run length: the points up to an alarm.

    Example: jellyroll spc arl --chart ewma --lam 0.2 --limit 2.86 --shift 1
    """
    plan = _plan(
        chart=chart, lam=lam, k=k, clip=clip, head_start=head_start, rules=rules,
        variables=variables,
    )  # fmt: skip
    if limit is None:
        if chart is not Chart.RULES:
            raise SpcError(f"--limit is missing: {LIMITS[chart]}")
        limit = 1.0
    found = arl(plan, limit, shift)
    if as_json:
        shown = {"chart": chart, "limit": limit, "shift": shift, **_parameters(plan)}
        typer.echo(json.dumps({**shown, **_numbers(found)}))
        return
    what = "false alarm" if shift == 0.0 else "alarm"
    typer.echo(f"{_name(plan)}, limit {limit:g}, shift {shift:g}: {what} after {_points(found)}")


@app.command("design")
def design_command(
    *,
    chart: ChartName,
    arl0: Annotated[
        float | None, typer.Option(help="Points between two false alarms of one chart.")
    ] = None,
    false_alarms_per_day: Annotated[
        float | None, typer.Option(help="In place of --arl0: the budget of all charts together.")
    ] = None,
    signals: Annotated[
        int | None, typer.Option(help="With the budget: the charts that share it.")
    ] = None,
    samples_per_day: Annotated[
        float | None, typer.Option(help="With the budget: points a day of each chart.")
    ] = None,
    baseline: Annotated[
        int | None,
        typer.Option(help="Points that mean and sd are learnt from (300 or more); else known."),
    ] = None,
    lam: Lam = 0.1,
    k: Allowance = 0.5,
    clip: Clip = None,
    head_start: HeadStart = 0.0,
    rules: RuleSet = "default",
    variables: Variables = 2,
    as_json: Json = False,
) -> None:
    """Find the limit for an in-control run length, or for a budget of false alarms.

    Example: jellyroll spc design --chart cusum --k 0.5 --arl0 370

    Example: jellyroll spc design --chart ewma --false-alarms-per-day 1 --signals 200
    --samples-per-day 1440
    """
    plan = _plan(
        chart=chart, lam=lam, k=k, clip=clip, head_start=head_start, rules=rules,
        variables=variables,
    )  # fmt: skip
    wanted = _wanted(arl0, false_alarms_per_day, signals, samples_per_day)
    found = limit(plan, wanted, baseline)
    runs = {shift: arl(plan, found, shift) for shift in _SHIFTS}
    if as_json:
        shown = {"chart": chart, "arl0": wanted, "limit": found, **_parameters(plan)}
        if baseline is not None:
            shown["baseline"] = baseline
        shown["shifts"] = [{"shift": shift, **_numbers(run)} for shift, run in runs.items()]
        typer.echo(json.dumps(shown))
        return
    typer.echo(f"{_name(plan)}: limit {found:.5g} ({LIMITS[chart]})")
    learnt = f", learnt from {baseline} points" if baseline is not None else ""
    typer.echo(f"one false alarm in {wanted:,.6g} points of a chart{learnt}")
    for shift, run in runs.items():
        typer.echo(f"  shift {shift:<4g} alarm after {_points(run)}")


@app.command("rules")
def rules_command(
    rules: RuleSet = "default",
    as_json: Json = False,
) -> None:
    """Show what a set of runs rules costs: points between false alarms, alone and together.

    Example: jellyroll spc rules --rules 1,5,6,2
    """
    chosen = _rules(rules)
    alone = [rules_arl((rule,)) for rule in chosen]
    together, shifted = rules_arl(chosen), rules_arl(chosen, shift=1.0)
    if as_json:
        listed = [
            {"rule": rule.key, "name": rule.name, "text": rule.text, **_numbers(run)}
            for rule, run in zip(chosen, alone, strict=True)
        ]
        shown = {"rules": listed, "arl0": together.value, "arl_at_1_sd": shifted.value}
        if not is_exact(chosen):
            shown["standard_error"] = together.standard_error
        typer.echo(json.dumps(shown))
        return
    for rule, run in zip(chosen, alone, strict=True):
        typer.echo(f"{rule.key:>3}  {rule.name:<15} {rule.text}: {_points(run)}")
    typer.echo(f"together one false alarm in {_points(together)}; at 1 sd {_points(shifted)}")


def _plan(
    *, chart: Chart, lam: float, k: float, clip: float | None, head_start: float, rules: str,
    variables: int,
) -> Plan:  # fmt: skip
    return Plan(
        chart=chart, lam=lam, k=k, clip=math.inf if clip is None else clip, head_start=head_start,
        rules=_rules(rules), variables=variables,
    )  # fmt: skip


def _rules(text: str) -> tuple[Rule, ...]:
    try:
        return parse_rules(text)
    except ValueError as error:
        raise SpcError(str(error)) from None


def _wanted(
    arl0: float | None,
    false_alarms_per_day: float | None,
    signals: int | None,
    samples_per_day: float | None,
) -> float:
    budget = (false_alarms_per_day, signals, samples_per_day)
    if arl0 is not None:
        if any(part is not None for part in budget):
            raise SpcError("--arl0 and a budget contradict each other; give one of them")
        return arl0
    if false_alarms_per_day is None or signals is None or samples_per_day is None:
        raise SpcError(
            "how rare shall false alarms be? Give --arl0, or all of --false-alarms-per-day,"
            " --signals and --samples-per-day"
        )
    return arl0_of_budget(signals, samples_per_day, false_alarms_per_day)


def _parameters(plan: Plan) -> dict[str, object]:
    """Return what shapes the chart, by the names of the options."""
    if plan.chart is Chart.EWMA:
        return {"lam": plan.lam}
    if plan.chart is Chart.CUSUM:
        clip = plan.clip if math.isfinite(plan.clip) else None
        return {"k": plan.k, "clip": clip, "head_start": plan.head_start}
    if plan.chart is Chart.RULES:
        return {"rules": [rule.key for rule in plan.rules]}
    if plan.chart is Chart.T2:
        return {"variables": plan.variables}
    if plan.chart is Chart.MEWMA:
        return {"lam": plan.lam, "variables": plan.variables}
    return {}


def _name(plan: Plan) -> str:
    values = {name: value for name, value in _parameters(plan).items() if value}
    return " ".join(
        [
            plan.chart,
            *(
                f"{name}={','.join(value) if isinstance(value, list) else value}"
                for name, value in values.items()
            ),
        ]
    )


def _numbers(run: RulesArl) -> dict[str, float | None]:
    """Return a run length for JSON, null where it is beyond what can be computed."""
    shown = {"arl": run.value if math.isfinite(run.value) else None}
    return {**shown, "standard_error": run.standard_error} if run.standard_error else shown


def _points(run: RulesArl) -> str:
    if math.isinf(run.value):
        return "more than 1e13 points"
    if math.isnan(run.value):
        return "a number of points that cannot be computed: lam is too small"
    if run.standard_error:
        return f"{run.value:,.4g} points (simulated, standard error {run.standard_error:.2g})"
    return f"{run.value:,.6g} points"
