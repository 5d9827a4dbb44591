"""Logistic regression that stays finite where cells are sparse or separated: Firth's penalised likelihood."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unbidden.errors import UnbiddenError

Matrix = NDArray[np.float64]
Vector = NDArray[np.float64]


@dataclass(frozen=True)
class Fit:
    """Coefficients (one a column of the design) and their covariance, the inverse of the Fisher information."""

    coefficients: Vector
    covariance: Matrix


def firth(design: Matrix, hits: Vector, trials: Vector) -> Fit:
    """Fit a binomial logistic model by Firth's penalised likelihood.

    The log-likelihood is raised by half the log-determinant of the Fisher information (Jeffreys' prior), which takes away the
    first-order bias and makes the estimate finite for every table, all zeros included: Firth, Biometrika 80 (1993) 27-38;
    Heinze and Schemper, Statist. Med. 21 (2002) 2409-2419. For a saturated model it adds one half to both counts of each cell.
    Solved by steps on the penalised score, halved until the penalised likelihood does not fall.

    `firthmodels` offers the same fit, but refuses a table without (or with nothing but) hits, keeps its covariance to itself,
    and would bring scikit-learn along.

    Args:
        design: Cells by columns, of full column rank over the cells that have trials.
        hits: How many trials of each cell counted.
        trials: How many there were; at least 1 in total.

    Raises:
        UnbiddenError: It does not converge, which no table has been seen to bring about.
    """
    at = np.zeros(design.shape[1])
    value = _penalised(design, hits, trials, at)
    for _ in range(_MOST_STEPS):
        step = _step(design, hits, trials, at)
        size = float(np.max(np.abs(step)))
        if size < _CLOSE:
            return Fit(at, _inverse(_information(design, trials, at)))
        step *= min(1.0, _LONGEST_STEP / size)
        after = _penalised(design, hits, trials, at + step)
        while after < value - _SLACK and float(np.max(np.abs(step))) > _CLOSE:
            step /= 2
            after = _penalised(design, hits, trials, at + step)
        at, value = at + step, after
    raise UnbiddenError(f"the penalised model did not converge in {_MOST_STEPS} steps")


_MOST_STEPS, _LONGEST_STEP = 500, 5.0
_CLOSE, _SLACK = 1e-8, 1e-10


def probabilities(design: Matrix, coefficients: Vector) -> Vector:
    """The chance of a hit in each cell."""
    return 1 / (1 + np.exp(-(design @ coefficients)))


def _step(design: Matrix, hits: Vector, trials: Vector, at: Vector) -> Vector:
    """A Newton step of the fit in which each cell has as many trials more as its leverage, half of them hits.

    Those are the counts whose ordinary score is the penalised one; the bare information would overshoot where cells have few trials.
    """
    p = probabilities(design, at)
    covariance = _inverse(_information(design, trials, at))
    leverages = trials * p * (1 - p) * np.einsum("ij,jk,ik->i", design, covariance, design)
    score = design.T @ (hits - trials * p + leverages * (0.5 - p))
    return np.asarray(np.linalg.solve(_information(design, trials + leverages, at), score), dtype=np.float64)


def _information(design: Matrix, trials: Vector, at: Vector) -> Matrix:
    p = probabilities(design, at)
    return design.T @ ((trials * p * (1 - p))[:, None] * design)


def _inverse(information: Matrix) -> Matrix:
    return np.asarray(np.linalg.inv(information), dtype=np.float64)


def _penalised(design: Matrix, hits: Vector, trials: Vector, at: Vector) -> float:
    linear = design @ at
    sign, logdet = np.linalg.slogdet(_information(design, trials, at))
    if sign <= 0:  # so far out that the information is rounded to nothing
        return float("-inf")
    return float(hits @ linear - trials @ np.logaddexp(0, linear) + logdet / 2)
