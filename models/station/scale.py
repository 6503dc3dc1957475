"""Mean and spread of each signal, and T2 and its attribution in those units."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

#: A log D2 below this is a row at its prediction to within rounding; it means nothing.
LEAST = 1e-12


class Scale(NamedTuple):
    """Mean and sd of signals; the sd of a constant one is taken as 1."""

    mean: Floats
    sd: Floats

    @classmethod
    def of(cls, rows: Floats) -> Scale:
        """Return the scale of *rows*, of shape (rows, signals)."""
        sd = np.std(rows, axis=0)
        return cls(np.mean(rows, axis=0), np.where(sd > 0.0, sd, 1.0))

    def scaled(self, rows: Floats) -> Floats:
        """Return *rows* in sd from the mean."""
        return np.asarray((rows - self.mean) / self.sd)


class Distance(NamedTuple):
    """The squared Mahalanobis distance from zero, D2 = x' S^-1 x, by the whitening matrix."""

    whitening: Floats
    precision: Floats

    @classmethod
    def of(cls, rows: Floats) -> Distance:
        """Learn S from *rows* whose mean is zero.

        Directions without any variance (a signal that others determine) get a millionth of the
        largest, so that a break of that bond counts much but no rounding error counts as one.
        """
        values, vectors = np.linalg.eigh(np.atleast_2d(rows.T @ rows / len(rows)))
        values = np.maximum(values, 1e-6 * values[-1])
        whitening = vectors / np.sqrt(values)
        return cls(whitening, whitening @ whitening.T)

    def squared(self, rows: Floats) -> Floats:
        """Return D2 of each row."""
        white = rows @ self.whitening
        return np.asarray(np.einsum("ij,ij->i", white, white))

    def log_squared(self, rows: Floats, absent: Bools) -> Floats:
        """Return log D2 of each row by the signals that are not *absent* alone."""
        squared = self.squared(rows)
        for pattern in np.unique(absent[absent.any(axis=1)], axis=0):
            at = (absent == pattern).all(axis=1)
            # The precision of what is left, S_oo^-1 = P_oo - P_oa P_aa^-1 P_ao.
            to_absent = self.precision[np.ix_(~pattern, pattern)]
            among_absent = self.precision[np.ix_(pattern, pattern)]
            left = self.precision[np.ix_(~pattern, ~pattern)]
            left = left - to_absent @ np.linalg.solve(among_absent, to_absent.T)
            squared[at] = np.einsum(
                "ij,jk,ik->i", rows[at][:, ~pattern], left, rows[at][:, ~pattern]
            )
        return np.asarray(np.log(np.maximum(squared, 0.0) + LEAST))

    def correction(self, rows: Floats) -> Floats:
        """Return what must go from each signal alone so that it is what the others expect."""
        return np.asarray((rows @ self.precision) / np.diag(self.precision))

    def reconstruction(self, rows: Floats) -> Floats:
        """Return by how much D2 falls if one signal is set to what the others expect.

        Reconstruction-based contribution, (S^-1 x)_j^2 / (S^-1)_jj: it names the right signal first
        far more often than the classic contributions (Alcala & Qin, Automatica 2009).
        """
        return np.asarray((rows @ self.precision) ** 2 / np.diag(self.precision))


def smoothed(values: Floats, share: float, start: float) -> Floats:
    """Return the moving average that takes *share* of each new value and begins at *start*."""
    averages, average = np.empty_like(values), start
    for row, value in enumerate(values.tolist()):
        average += share * (value - average)
        averages[row] = average
    return averages
