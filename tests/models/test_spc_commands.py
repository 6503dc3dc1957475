from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
from typer.testing import CliRunner

import jellyroll
from models.spc.planning import SpcError

runner = CliRunner()


def spc(*words: str) -> str:
    done = runner.invoke(jellyroll.app, ["spc", *words])
    if done.exception:
        raise done.exception
    return done.output


def as_json(*words: str) -> Any:
    return json.loads(spc(*words, "--json"))


def test_the_run_length_of_a_chart() -> None:
    words = ("arl", "--chart", "ewma", "--lam", "0.2", "--limit", "2.86", "--shift", "1")
    assert as_json(*words) == {
        "chart": "ewma", "limit": 2.86, "shift": 1.0, "lam": 0.2,
        "arl": pytest.approx(9.8015, abs=1e-3),
    }  # fmt: skip
    assert "alarm after 9.80" in spc(*words)


@pytest.mark.parametrize(
    ("words", "limit"),
    [
        (("--chart", "cusum", "--k", "0.5", "--arl0", "370"), 4.774),
        (("--chart", "ewma", "--lam", "0.2", "--arl0", "370.4"), 2.8593),
        (("--chart", "shewhart", "--arl0", "370.4"), 3.0),
        (("--chart", "t2", "--variables", "5", "--arl0", "200"), 16.750),
        (("--chart", "mewma", "--variables", "3", "--arl0", "1000"), 14.76),
        (("--chart", "rules", "--arl0", "109.049"), 1.0),
    ],
)
def test_the_limit_of_a_chart(words: tuple[str, ...], limit: float) -> None:
    found = as_json("design", *words)
    assert found["limit"] == pytest.approx(limit, rel=5e-4)
    assert [run["shift"] for run in found["shifts"]] == [0.25, 0.5, 1.0, 2.0, 3.0]
    assert found["shifts"][2]["arl"] > found["shifts"][3]["arl"]
    assert "one false alarm in" in spc("design", *words)


def test_a_budget_of_false_alarms_becomes_a_limit() -> None:
    found = as_json(
        "design", "--chart", "ewma", "--false-alarms-per-day", "6", "--signals", "200",
        "--samples-per-day", "1440",
    )  # fmt: skip
    assert found["arl0"] == 48_000
    assert found["limit"] == pytest.approx(4.1485, abs=1e-3)


def test_a_learnt_baseline_widens_the_limit() -> None:
    words = ("design", "--chart", "cusum", "--arl0", "10000", "--clip", "4")
    assert as_json(*words)["limit"] == pytest.approx(8.05, abs=0.01)
    assert as_json(*words, "--baseline", "300")["limit"] == pytest.approx(8.58, abs=0.01)


def test_what_a_set_of_rules_costs() -> None:
    found = as_json("rules", "--rules", "1,5,6,2")
    assert found["arl0"] == pytest.approx(109.05, abs=0.005)
    assert [rule["name"] for rule in found["rules"]] == [
        "beyond", "two-of-three", "four-of-five", "run",
    ]  # fmt: skip
    assert "together one false alarm in 109.049 points" in spc("rules")


def test_a_set_that_must_be_simulated_says_how_sure_it_is() -> None:
    found = as_json("rules", "--rules", "1,3")
    assert found["standard_error"] > 0
    assert "simulated" in spc("rules", "--rules", "trend")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("arl", "--chart", "ewma"), "--limit is missing: L"),
        (("arl", "--chart", "ewma", "--limit", "-1"), "above 0"),
        (("arl", "--chart", "ewma", "--limit", "nan"), "above 0"),
        (("arl", "--chart", "cusum", "--limit", "51"), "at most 50"),
        (("arl", "--chart", "rules", "--shift", "nan"), "at most 100 sd"),
        (("arl", "--chart", "ewma", "--limit", "3", "--lam", "2"), "0.001 to 1, not 2"),
        (("arl", "--chart", "cusum", "--limit", "4", "--head-start", "1"), "below 1"),
        (("arl", "--chart", "cusum", "--limit", "4", "--clip", "0.5"), "never add"),
        (("arl", "--chart", "t2", "--limit", "9", "--variables", "0"), "1 to 100 variables"),
        (("design", "--chart", "ewma"), "how rare"),
        (("design", "--chart", "ewma", "--arl0", "1"), "cannot be had"),
        (("design", "--chart", "ewma", "--arl0", "9", "--signals", "1"), "contradict"),
        (("design", "--chart", "rules", "--arl0", "48000"), "leave out the runs"),
        (("design", "--chart", "ewma", "--arl0", "370", "--baseline", "30"), "no baseline"),
        (("design", "--chart", "mewma", "--arl0", "370", "--baseline", "300"), "leave --baseline"),
        (("design", "--chart", "ewma", "--false-alarms-per-day", "0", "--signals", "1",
          "--samples-per-day", "1"), "a budget of 0 has no limit"),
        (("rules", "--rules", "1,99"), "99 is no rule"),
    ],
)  # fmt: skip
def test_what_cannot_be_had_is_a_sentence(words: tuple[str, ...], says: str) -> None:
    with pytest.raises(Exception, match=says) as caught:
        spc(*words)
    assert isinstance(caught.value, Exception)
    assert jellyroll.is_for_users(caught.value)


def test_an_error_leaves_no_traceback() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "jellyroll", "spc", "design", "--chart", "rules", "--arl0", "1e6"],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.startswith("jellyroll: these rules cannot have an ARL0 of")


def test_a_chart_of_rare_faults() -> None:
    words = ("bernoulli", "--p0", "0.01", "--p1", "0.03")
    found = as_json(*words, "--arl0", "20000")
    assert found["rates"][0]["p"] == 0.01
    assert 20_000 <= found["rates"][0]["arl"] < 20_500
    again = as_json(*words, "--limit", str(found["limit"]))
    assert again == found
    shown = f"{found['rates'][0]['arl']:,.6g}"
    assert f"false alarm after {shown} units" in spc(*words, "--arl0", "20000")
    with pytest.raises(SpcError, match="one of the two"):
        spc(*words)
    with pytest.raises(SpcError, match="p0 below p1"):
        spc("bernoulli", "--p0", "0.03", "--p1", "0.01", "--limit", "9")
