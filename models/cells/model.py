"""What training leaves: references and forecasts by recipe, as one file of numbers.

The file is an npz of arrays and one JSON text, read with `allow_pickle=False`: nothing in it can
run. It is believed only after its digest, size and form were checked.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import orjson

from models.cells.boosted import Trees
from models.cells.forecast import Forecaster, StageModel, TargetModel
from models.cells.metres import Gauge
from models.cells.reference import Reference
from models.cells.standard import CellsError

FORMAT = 3
#: Before format 3 a reference had one limit for both sides.
_ONE_LIMIT = 2
#: A file of two recipes and three targets is about 2 MB.
MAX_BYTES = 64 << 20
_TREES = ("middle", "lower", "upper")

Arrays = dict[str, Any]


@dataclass(frozen=True, slots=True)
class CellModel:
    """What is usual, and what will be, by recipe."""

    references: Mapping[str, Reference] = field(default_factory=dict)
    forecasters: Mapping[str, Forecaster] = field(default_factory=dict)


def dump(model: CellModel) -> tuple[bytes, str]:
    """Return *model* as a file, and its SHA-256 in hexadecimal."""
    arrays: Arrays = {}
    document = {
        "format": FORMAT,
        "references": {r: _put_reference(arrays, r, ref) for r, ref in model.references.items()},
        "forecasters": {r: _put_forecaster(arrays, r, f) for r, f in model.forecasters.items()},
    }
    arrays["document"] = np.frombuffer(orjson.dumps(document), dtype=np.uint8)
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    content = file.getvalue()
    return content, hashlib.sha256(content).hexdigest()


def load(content: bytes, sha256: str) -> CellModel:
    """Return the model that `dump` gave; raise `CellsError` for anything else."""
    if hashlib.sha256(content).hexdigest() != sha256:
        raise CellsError("the model of the cells was changed since it was written; train it again")
    if len(content) > MAX_BYTES:
        raise CellsError(f"the model of the cells has {len(content)} bytes, more than {MAX_BYTES}")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            size = sum(member.file_size for member in archive.infolist())
        if size > 8 * MAX_BYTES:
            raise CellsError(f"the model of the cells unpacks to {size} bytes; it is not ours")
        with np.load(io.BytesIO(content), allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        document = orjson.loads(arrays["document"].tobytes())
        if document["format"] not in {_ONE_LIMIT, FORMAT}:
            raise CellsError(
                f"the model of the cells has format {document['format']}, this version of "
                f"Jellyroll reads {_ONE_LIMIT} and {FORMAT}; train it again, or install the "
                "version that wrote it"
            )
        return CellModel(
            {r: _reference(arrays, r, d) for r, d in document["references"].items()},
            {r: _forecaster(arrays, r, d) for r, d in document["forecasters"].items()},
        )
    except (KeyError, ValueError, TypeError, OSError, zipfile.BadZipFile) as error:
        raise CellsError(f"this is no model of cells ({error}); train it again") from error


def _put_reference(arrays: Arrays, recipe: str, reference: Reference) -> dict[str, object]:
    for name in ("scale", "low", "high", "tray_scale", "centre", "precision"):
        arrays[f"{recipe}/reference/{name}"] = getattr(reference, name)
    return {
        "measures": reference.measures,
        "cells": reference.cells,
        "tray_limit": reference.tray_limit,
        "distance_limit": reference.distance_limit,
    }


def _reference(arrays: Arrays, recipe: str, document: dict[str, Any]) -> Reference:
    prefix = f"{recipe}/reference"
    limit = arrays.get(f"{prefix}/limit")
    return Reference(
        measures=tuple(document["measures"]),
        cells=document["cells"],
        scale=arrays[f"{prefix}/scale"],
        low=arrays[f"{prefix}/low"] if limit is None else -limit,
        high=arrays[f"{prefix}/high"] if limit is None else limit,
        tray_scale=arrays[f"{prefix}/tray_scale"],
        tray_limit=document["tray_limit"],
        centre=arrays[f"{prefix}/centre"],
        precision=arrays[f"{prefix}/precision"],
        distance_limit=document["distance_limit"],
    )


def _put_forecaster(arrays: Arrays, recipe: str, forecaster: Forecaster) -> dict[str, object]:
    stages: list[dict[str, object]] = []
    for stage in forecaster.stages:
        prefix = f"{recipe}/{stage.station}"
        for name in ("centre", "scale", "limit"):
            arrays[f"{prefix}/{name}"] = getattr(stage, name)
        targets = {}
        for target, model in stage.targets.items():
            arrays[f"{prefix}/{target}/slope"] = model.slope
            for name in _TREES:
                arrays.update(getattr(model, name).arrays(f"{prefix}/{target}/{name}"))
            targets[target] = {
                name: getattr(model, name)
                for name in ("intercept", "widening", "usual", "spread", "limit")
            }
        stages.append({"station": stage.station, "features": stage.features, "targets": targets})
    return {"stages": stages, "gauges": [gauge._asdict() for gauge in forecaster.gauges]}


def _forecaster(arrays: Arrays, recipe: str, document: dict[str, Any]) -> Forecaster:
    stages = []
    for stage in document["stages"]:
        prefix = f"{recipe}/{stage['station']}"
        targets = {
            target: TargetModel(
                slope=arrays[f"{prefix}/{target}/slope"],
                middle=Trees.from_arrays(f"{prefix}/{target}/middle", arrays),
                lower=Trees.from_arrays(f"{prefix}/{target}/lower", arrays),
                upper=Trees.from_arrays(f"{prefix}/{target}/upper", arrays),
                **_finite_or_inf(numbers),
            )
            for target, numbers in stage["targets"].items()
        }
        stages.append(
            StageModel(
                station=stage["station"],
                features=tuple(stage["features"]),
                centre=arrays[f"{prefix}/centre"],
                scale=arrays[f"{prefix}/scale"],
                limit=arrays[f"{prefix}/limit"],
                targets=targets,
            )
        )
    gauges = (Gauge(**_finite_or_inf(gauge)) for gauge in document["gauges"])
    return Forecaster(tuple(stages), tuple(gauges))


def _finite_or_inf(numbers: dict[str, Any]) -> dict[str, Any]:
    """Return *numbers* as they were: JSON has no infinity, and writes null."""
    return {name: np.inf if value is None else value for name, value in numbers.items()}
