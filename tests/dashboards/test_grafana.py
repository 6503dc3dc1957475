"""What `make grafana-test` does and says. A small server plays Grafana: no real one has run it."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from dashboards.remote import Source
from dashboards.targets import committed, queried
from tests.dashboards import grafana as grafana_test
from tests.dashboards.fake_grafana import TOKEN, FakeGrafana, served
from tests.dashboards.grafana import Grafana, ask, examine, main, pictures

ROOT = Path(__file__).parents[2]
SOURCE = Source("db:5432", "jellyroll", "secret")


@pytest.fixture
def fake() -> Iterator[FakeGrafana]:
    with served(FakeGrafana()) as fake:
        yield fake


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine without Grafana; the folder that is its PATH."""
    monkeypatch.delenv("GRAFANA_URL", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_without_a_grafana_it_says_that_it_did_not_run(
    nowhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main() == 0
    assert capsys.readouterr().out.startswith("grafana-test not run: no Grafana. Set GRAFANA_URL")


def test_every_query_of_every_panel_and_choice_goes_through_grafana(
    fake: FakeGrafana, capsys: pytest.CaptureFixture[str]
) -> None:
    assert examine(Grafana(fake.url, TOKEN, SOURCE), None) == 0
    boards = committed()
    assert set(fake.boards) == {board["uid"] for board in boards}
    expected = sum(
        len(queried(board)) + sum(len(panel["targets"]) for panel in board["panels"])
        for board in boards
    )
    assert len(fake.asked) == expected
    for body in fake.asked:
        (asked,) = body["queries"]
        assert asked["datasource"]["uid"] == "jellyroll-db"
        assert "${" not in asked["rawSql"]
        # Grafana's own server fills in the macros.
        assert "IN ()" not in asked["rawSql"]
        assert int(body["to"]) - int(body["from"]) >= 3_600_000
    assert any("$__timeFilter(" in body["queries"][0]["rawSql"] for body in fake.asked)
    assert f"{expected} queries through Grafana" in capsys.readouterr().out


def test_a_query_that_fails_is_named_with_its_board_and_panel(
    fake: FakeGrafana, capsys: pytest.CaptureFixture[str]
) -> None:
    fake.query_errors["dash.ingest_balance"] = "pq: permission denied for view ingest_balance"
    assert examine(Grafana(fake.url, TOKEN, SOURCE), None) == 1
    told = capsys.readouterr().out
    assert re.search(r"jr-pipeline, Books of the last hour A: pq: permission denied", told)


def test_an_answer_that_is_none_of_grafana_s_is_a_fault(fake: FakeGrafana) -> None:
    board = next(board for board in committed() if board["uid"] == "jr-overview")
    (first, *_) = ask(Grafana(f"{fake.url}/elsewhere", TOKEN, None), board)
    assert first.fault
    (first, *_) = ask(Grafana(fake.url, "glsa_wrong", None), board)
    assert first.fault == "Invalid API key"


def test_a_token_that_grafana_does_not_know_ends_it_with_the_reason(
    fake: FakeGrafana, capsys: pytest.CaptureFixture[str]
) -> None:
    assert examine(Grafana(fake.url, "glsa_wrong", SOURCE), None) == 1
    assert "grafana-test failed: " in capsys.readouterr().out


def test_a_given_grafana_is_used_as_it_is(
    fake: FakeGrafana, nowhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake.sources["jellyroll-db"] = {"uid": "jellyroll-db", "type": "postgres"}
    monkeypatch.setenv("GRAFANA_URL", fake.url)
    monkeypatch.setenv("GRAFANA_TOKEN", TOKEN)
    monkeypatch.setattr(grafana_test, "pictures", lambda *_: None)
    assert main() == 0
    assert fake.sources["jellyroll-db"] == {"uid": "jellyroll-db", "type": "postgres"}


def test_a_picture_is_taken_of_each_board(fake: FakeGrafana, tmp_path: Path) -> None:
    pictures(Grafana(fake.url, TOKEN, None), committed()[:1], tmp_path)
    (taken,) = tmp_path.glob("*.png")
    assert taken.read_bytes().startswith(b"\x89PNG")


@contextmanager
def no_database(folder: Path) -> Iterator[Source]:
    yield SOURCE


def on_path(folder: Path, script: str) -> None:
    program = folder / "grafana"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)


def test_the_program_on_the_path_is_started_used_and_stopped(
    nowhere: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(grafana_test, "_database", no_database)
    monkeypatch.setattr(grafana_test, "pictures", lambda *_: None)
    on_path(nowhere, f"cd {ROOT}; exec {sys.executable} -m tests.dashboards.fake_grafana")
    assert main() == 0
    assert "+ data source Jellyroll" in capsys.readouterr().out


def test_a_program_that_does_not_start_is_told_with_the_end_of_its_log(
    nowhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grafana_test, "_database", no_database)
    on_path(nowhere, "echo 'cannot open the database'; exit 1")
    with pytest.raises(SystemExit, match="did not start\ncannot open the database"):
        main()
