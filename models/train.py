"""Train: models of all groups of machines, in parallel, as candidates of the registry."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, NamedTuple

import joblib
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from models.registry import NewModel
from models.station.fit import FitError, Fitted, fit_group
from models.station.persist import digest, to_bytes
from models.train_history import Window, read_group
from models.watched import Group, arl0_of_machines, groups
from plant.model import Plant
from plant.times import from_us
from storage.connect import connect

BACKENDS = ("local", "dask", "ray")


class TrainError(Exception):
    """Training cannot be done; the text says what to do."""


class Trained(NamedTuple):
    """What became of one group of machines: candidates, or why there are none."""

    line: str
    station: str
    group: str
    models: list[NewModel]
    left_out: dict[str, str]
    trouble: str


def train(
    dsn: str,
    plant: Plant,
    window: Window,
    *,
    only: Collection[str] = (),
    jobs: int = -1,
    backend: str = "local",
    scheduler: str | None = None,
) -> list[Trained]:
    """Fit the models of all groups to their history in *window*; nothing is registered.

    *only* names lines, stations or groups of machines, where not all are wanted. Each group is one
    piece of work: it reads its own history from the database at *dsn*, which workers elsewhere
    must be able to reach. *scheduler* is the address of Dask's or Ray's; without one they start
    workers here. Raise `TrainError` for a backend that is not installed.
    """
    default = next(iter(plant.recipes), "")
    arl0 = arl0_of_machines(plant)
    work = [
        joblib.delayed(train_group)(dsn, group, window, arl0, default)
        for group in groups(plant)
        if not only or {group.line, group.station, group.name} & set(only)
    ]
    with _workers(backend, scheduler):
        return list(joblib.Parallel(n_jobs=jobs)(work))


def train_group(dsn: str, group: Group, window: Window, arl0: float, default: str) -> Trained:
    """Fit the models of *group*; runs in a process of its own, on one thread."""
    with threadpool_limits(1):
        with connect(dsn, application="jellyroll train", autocommit=True) as connection:
            history = read_group(connection, group, window, default)
        # As many moments a day as planned, or fewer where the history is thinned.
        arl0 *= group.period_us / history.period_us
        try:
            fitted = fit_group(
                history.spans, group.columns, group.detector, history.period_us, arl0,
                starts=history.starts,
            )  # fmt: skip
        except FitError as error:
            return Trained(group.line, group.station, group.name, [], {}, str(error))
    left_out = dict(fitted[0].left_out) if fitted else {}
    trouble = "" if fitted else "no recipe has enough healthy rows"
    models = [_new(group, its) for its in fitted]
    return Trained(group.line, group.station, group.name, models, left_out, trouble)


def _new(group: Group, fitted: Fitted) -> NewModel:
    content = to_bytes(fitted.model)
    return NewModel(
        line=group.line,
        station=group.station,
        equipment_group=group.name,
        recipe=fitted.recipe,
        kind="signals",
        detector=fitted.model.detector_name,
        from_time=from_us(fitted.from_us),
        to_time=from_us(fitted.to_us),
        rows=fitted.rows,
        signals=[str(column) for column in fitted.model.columns],
        expected=fitted.expected.ravel().tolist(),
        metrics={
            **fitted.metrics,
            "period_s": fitted.model.period_us / 1e6,
            "machines": len(fitted.model.machines),
            "left_out": fitted.left_out,
        },
        content=content,
        sha256=digest(content),
    )


@contextmanager
def _workers(backend: str, scheduler: str | None) -> Iterator[None]:
    """Let joblib work on *backend* inside."""
    if backend == "local":
        yield
        return
    try:
        context = _dask(scheduler) if backend == "dask" else _ray(scheduler)
    except ImportError as error:
        raise TrainError(
            f"{backend} is not installed; `pip install jellyroll[{backend}]`"
            if backend == "dask"
            else "ray is not installed; `pip install ray`"
        ) from error
    with context, joblib.parallel_config(backend=backend):
        yield


def _dask(scheduler: str | None) -> AbstractContextManager[Any]:
    from distributed import Client, LocalCluster  # noqa: PLC0415  # only for who asks for it

    place = scheduler or LocalCluster(dashboard_address=None)  # type: ignore[no-untyped-call]
    client: AbstractContextManager[Any] = Client(place)  # type: ignore[no-untyped-call]
    return client


def _ray(scheduler: str | None) -> AbstractContextManager[Any]:
    import ray  # noqa: PLC0415
    from ray.util.joblib import register_ray  # noqa: PLC0415

    ray.init(address=scheduler)
    register_ray()
    return nullcontext()
