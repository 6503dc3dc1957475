"""What Grafana's server makes of macros and its browser of variables."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from dashboards.expand import ExpandError, View, expand, interpolate

END = datetime(2026, 11, 22, tzinfo=UTC)


def view(**span: float) -> View:
    return View(END - timedelta(**span), END)


# As @grafana/data 13.2.3 rounds them: 900 points, at least a second.
@pytest.mark.parametrize(
    ("span", "seconds"),
    [
        (view(minutes=15), 1), (view(hours=1), 5), (view(hours=6), 20), (view(hours=12), 60),
        (view(hours=24), 120), (view(days=3), 300), (view(days=7), 600), (view(days=30), 3600),
        (view(days=90), 7200),
    ],
)  # fmt: skip
def test_the_interval_is_the_one_that_grafana_chooses(span: View, seconds: int) -> None:
    assert span.interval_ms() == seconds * 1000


def test_the_macros_become_what_the_server_sends() -> None:
    text = "SELECT $__timeGroupAlias(time, $__interval), $__interval_ms WHERE $__timeFilter(time)"
    assert expand(text, view(hours=24)) == (
        "SELECT time_bucket('120.000s',time) AS \"time\", 120000"
        " WHERE time BETWEEN '2026-11-21T00:00:00Z' AND '2026-11-22T00:00:00Z'"
    )


def test_an_unknown_macro_is_refused_as_grafana_refuses_it() -> None:
    with pytest.raises(ExpandError, match=r"no macro \$__timeShift"):
        expand("SELECT $__timeShift(time)", view(hours=1))


def test_quotes_in_values_stay_in_their_values() -> None:
    sent = interpolate("IN (${line:sqlstring})", {"line": ["a", "o'brien"]})
    assert sent == "IN ('a','o''brien')"


@pytest.mark.parametrize("text", ["= '$line'", "IN (${line})", "IN (${line:csv})"])
def test_a_variable_without_the_safe_format_is_refused(text: str) -> None:
    with pytest.raises(ExpandError, match="sqlstring"):
        interpolate(text, {"line": "l1"})


def test_a_value_that_looks_like_a_variable_is_a_value() -> None:
    assert interpolate("${line:sqlstring}", {"line": "${line}"}) == "'${line}'"
