"""Models of cells in the registry: seen, chosen and taken back like those of machines."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from typer.testing import CliRunner

from jellyroll import app
from models import registry
from models.cells import model_store
from models.cells.forecast_fit import Check
from models.cells.model import CellModel, dump
from models.cells.reference import Reference
from models.cells.screening import learn_recipe
from models.cells.standard import standards
from plant.model import Plant
from storage.connect import connect
from storage.migrate import migrate
from storage.sql import migrations, statement
from tests.models.cells.made import made_cells

SPAN = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 20, tzinfo=UTC)


@pytest.fixture(scope="module")
def reference(pilot: Plant) -> Reference:
    recipe, standard = next(iter(standards(pilot).items()))
    found = learn_recipe(standard, made_cells(pilot, 600), tied=False)
    assert recipe
    assert found is not None
    return found


def check(coverage: float) -> tuple[str, Check]:
    return "vehicle", Check("sealing", "capacity", 1, 500, coverage, 0.03, 0.007, 0.009)


@pytest.fixture
def two(migrated_database: str, reference: Reference) -> tuple[str, int, int]:
    """A database with an active version and a candidate."""
    with connect(migrated_database, application="test") as connection:
        first = model_store.register(connection, CellModel(), SPAN, 600, [check(0.8)])
        registry.promote(connection, first.id)
        known = CellModel({"vehicle": reference})
        second = model_store.register(connection, known, SPAN, 700, [check(0.88), check(0.92)])
        connection.commit()
    return migrated_database, first.id, second.id


def run(dsn: str, *arguments: str) -> Any:
    result = CliRunner().invoke(app, ["models", *arguments, "--database", dsn, "--json"])
    assert result.exit_code == 0, result.output
    return json.loads(result.output)


def active(dsn: str) -> tuple[int, CellModel]:
    with connect(dsn, application="test") as connection:
        return model_store.active(connection)


def test_versions_are_listed_shown_compared_promoted_and_taken_back(
    two: tuple[str, int, int],
) -> None:
    dsn, first, second = two
    listed = [(m["kind"], m["version"], m["state"], m["rows"]) for m in run(dsn, "list")]
    assert listed == [("cells", 1, "active", 600), ("cells", 2, "candidate", 700)]
    shown = run(dsn, "show", str(second))
    assert shown["whole"]
    assert shown["metrics"]["vehicle sealing capacity"]["coverage"] == pytest.approx(0.9)
    compared = run(dsn, "compare", str(first), str(second))
    assert compared["metrics.vehicle sealing capacity.coverage"] == pytest.approx([0.8, 0.9])
    assert active(dsn) == (1, CellModel())
    assert run(dsn, "promote", str(second))["retired"]["id"] == first
    version, model = active(dsn)
    assert (version, list(model.references)) == (2, ["vehicle"])
    assert run(dsn, "rollback", str(second))["active"]["id"] == first
    assert active(dsn) == (1, CellModel())


def test_a_version_that_was_changed_in_the_database_is_not_promoted(
    two: tuple[str, int, int],
) -> None:
    dsn, _, second = two
    with psycopg.connect(dsn) as connection:
        connection.execute("UPDATE analysis.model SET content = content || 'x'::bytea")
    result = CliRunner().invoke(app, ["models", "promote", str(second), "--database", dsn])
    assert "its SHA-256 is not the registered one" in str(result.exception)
    assert not run(dsn, "show", str(second))["whole"]


def test_what_was_learnt_before_models_of_cells_were_in_the_registry_comes_into_it(
    fresh_database: str, pilot: Plant
) -> None:
    content, digest = dump(CellModel())
    with psycopg.connect(fresh_database, autocommit=True) as connection:
        connection.execute("CREATE EXTENSION timescaledb")
    with psycopg.connect(fresh_database) as connection:
        for role in ("jellyroll_writer", "grafana_reader"):
            if not connection.execute("SELECT FROM pg_roles WHERE rolname = %s", (role,)).rowcount:
                connection.execute(f"CREATE ROLE {role} NOLOGIN")
        connection.execute(statement("migration_table"))
        for name, text in migrations():
            if name < "86":
                connection.execute(text)
                connection.execute("INSERT INTO jellyroll.migration (name) VALUES (%s)", (name,))
        for state in ("retired", "active"):
            connection.execute(
                "INSERT INTO analysis.cell_model (state, from_time, to_time, cells, metrics,"
                " libraries, sha256, content) VALUES (%s, %s, %s, 9, '[]', '{}', %s, %s)",
                (state, *SPAN, digest, content),
            )
    migrate(fresh_database, pilot)
    assert active(fresh_database) == (2, CellModel())
    old, new = run(fresh_database, "list", "--all")
    assert (old["version"], old["state"], new["version"]) == (1, "retired", 2)
    assert run(fresh_database, "rollback", str(new["id"]))["active"]["id"] == old["id"]
