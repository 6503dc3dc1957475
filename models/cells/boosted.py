"""Boosted trees as plain arrays: fitted by scikit-learn, scored and kept without it.

A `HistGradientBoostingRegressor` cannot be kept without pickle or a list of trusted types, and what
is read back needs the same version. Its trees are a few arrays of numbers; these are kept.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Self

import numpy as np
import numpy.typing as npt
from sklearn.ensemble import HistGradientBoostingRegressor

from models.cells.cells import Floats, Ints


@dataclass(frozen=True, slots=True)
class Trees:
    """Trees one after another: nodes with a child to each side, leaves that lead to themselves.

    A value at most *threshold* goes *left*, as does a missing one where *missing_left* says so.
    """

    baseline: Floats
    roots: Ints
    feature: Ints
    threshold: Floats
    missing_left: npt.NDArray[np.bool_]
    left: Ints
    right: Ints
    value: Floats
    depth: Ints

    @classmethod
    def of(cls, fitted: HistGradientBoostingRegressor) -> Self:
        """Return the trees of a *fitted* regressor of one output."""
        trees = [iteration[0].nodes for iteration in fitted._predictors]  # noqa: SLF001
        sizes = np.array([len(nodes) for nodes in trees], dtype=np.int64)
        roots = np.cumsum(sizes) - sizes
        nodes = np.concatenate(trees)
        offset = np.repeat(roots, sizes)
        itself = np.arange(len(nodes), dtype=np.int64)
        leaf = nodes["is_leaf"].astype(bool)
        return cls(
            baseline=np.asarray(fitted._baseline_prediction, dtype=np.float64).ravel(),  # noqa: SLF001
            roots=roots,
            feature=np.where(leaf, 0, nodes["feature_idx"]).astype(np.int64),
            threshold=nodes["num_threshold"].astype(np.float64),
            missing_left=nodes["missing_go_to_left"].astype(bool),
            left=np.where(leaf, itself, offset + nodes["left"]).astype(np.int64),
            right=np.where(leaf, itself, offset + nodes["right"]).astype(np.int64),
            value=np.where(leaf, nodes["value"], 0.0).astype(np.float64),
            depth=np.array([int(nodes["depth"].max())], dtype=np.int64),
        )

    def predict(self, rows: Floats) -> Floats:
        """Return the prediction for each of *rows*, (rows, features); NaN is a missing value."""
        if not len(rows):
            return np.zeros(0)
        node = np.broadcast_to(self.roots, (len(rows), len(self.roots))).copy()
        for _ in range(int(self.depth[0])):
            value = np.take_along_axis(rows, self.feature[node], axis=1)
            with np.errstate(invalid="ignore"):
                goes_left = value <= self.threshold[node]
            goes_left |= np.isnan(value) & self.missing_left[node]
            node = np.where(goes_left, self.left[node], self.right[node])
        result: Floats = self.baseline[0] + self.value[node].sum(axis=1)
        return result

    def arrays(self, prefix: str) -> dict[str, npt.NDArray[np.generic]]:
        """Return the arrays by name, to be kept."""
        return {f"{prefix}.{f.name}": getattr(self, f.name) for f in fields(self)}

    @classmethod
    def from_arrays(cls, prefix: str, arrays: dict[str, npt.NDArray[np.generic]]) -> Self:
        """Return the trees that `arrays` gave."""
        return cls(**{f.name: arrays[f"{prefix}.{f.name}"] for f in fields(cls)})  # type: ignore[arg-type]
