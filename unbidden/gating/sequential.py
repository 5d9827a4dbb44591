"""Pass, fail or undecided after any number of blocks, without losing the error rates by looking.

A ceiling holds a rate, a margin the difference of a candidate's rate and its baseline's. The rate is the mean over the eval's
cells, each with equal weight. Two null hypotheses are tested side by side, each at level alpha = 1 - confidence: "above the
bound", whose rejection passes, and "at most the bound", whose rejection fails. So a subject that is above the bound passes with
a chance of at most alpha, and one within it fails with a chance of at most alpha, however often one looks; each error is held
by itself, not their sum. With the truth exactly at the bound both nulls hold, and it stays undecided but for 2 alpha at most.

What is assumed: samples are run independently of each other, so that the cells of a block are independent, given the drawing of
entities they share. The cells' rates may differ at will. They may also change from block to block, as long as their mean
stays on one side of the bound. Evidence is added by whole blocks in a fixed order, so that runs that end early cannot tip it.
The argument is in eprocess.py.

An unscored outcome counts against either decision: as shown when it comes to passing and as not shown when it comes to failing
(for a baseline the other way round). Our own failure is neither the subject's score nor its pass.
"""

from collections.abc import Sequence
from math import exp, log
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from unbidden.errors import BadInputError
from unbidden.gating.confseq import highest, lowest
from unbidden.gating.eprocess import Floats
from unbidden.gating.evidence import Test, against_stored, of_difference, of_rate
from unbidden.gating.wording import Facts, State, reason
from unbidden.reading import Frozen

LEAST = 0.5
"""The least confidence that is one."""


class Ceiling(Frozen):
    """The rate must not exceed `max`."""

    max: Annotated[float, Field(gt=0, lt=1)]


class Margin(Frozen):
    """The candidate's rate minus the baseline's must not exceed `worse_by`; below 0 it must be better by so much."""

    worse_by: Annotated[float, Field(gt=-1, lt=1)]


class Block(Frozen):
    """One replicate of every cell, in a fixed order of the cells: whether it was shown, or None if it is unscored."""

    candidate: tuple[bool | None, ...]
    baseline: tuple[bool | None, ...] | None = None


class Stored(Frozen):
    """One cell of a saved baseline: `hits` among `n` scored replicates, and how many more are unscored."""

    hits: Annotated[int, Field(ge=0)]
    n: Annotated[int, Field(ge=0)]
    unscored: Annotated[int, Field(ge=0)] = 0


class Decision(Frozen):
    """What is known of a rule.

    `blocks` are those that count: later ones, which were under way when it was decided, change nothing. `estimate` is the
    mean over the cells of their scored outcomes, None if a cell has none. `low` and `high` bound the rate or difference, each
    with the given confidence at all looks at once (both together with twice the error): it passes exactly when `high` is at most
    the rule's bound, and fails exactly when `low` is at least that. `e_pass` and `e_fail` are the evidence against "above
    the bound" and "at most the bound"; the one that reaches `threshold` decides.
    """

    state: State
    blocks: int
    estimate: float | None
    low: float
    high: float
    e_pass: float
    e_fail: float
    threshold: float
    reason: str


def decide(
    rule: Ceiling | Margin,
    blocks: Sequence[Block],
    *,
    confidence: float = 0.95,
    stored: Sequence[Stored] | None = None,
) -> Decision:
    """What the blocks so far say of a rule. The first block at which a null is rejected decides.

    Args:
        rule: A ceiling or a margin.
        blocks: The complete blocks in their fixed order.
        confidence: 1 - alpha; each of the two errors has a chance of at most alpha.
        stored: For a margin, a saved baseline's cells in the blocks' order, in place of a baseline arm in the blocks. It was
            sampled independently of the candidate, and its size did not depend on its outcomes.

    Raises:
        BadInputError: The blocks differ in their number of cells, an arm is missing or one too many, a stored cell has more
            hits than samples, or the confidence is not in [0.5, 1).
    """
    _must_fit(rule, blocks, confidence, stored)
    needed = -log(1 - confidence)
    bound = rule.max if isinstance(rule, Ceiling) else rule.worse_by
    test = _test(rule, blocks, stored)
    passing = test.passing(test.tally, np.asarray(bound))
    failing = test.failing(test.tally, np.asarray(bound))
    state, counted = _first(passing >= needed, failing >= needed)
    now, then = test.tally[counted], blocks[:counted]
    low = highest(lambda at: test.failing(now, at) >= needed, test.domain)
    high = lowest(lambda at: test.passing(now, at) >= needed, test.domain)
    # the search ends within 1e-7 of the bound where the test itself is exact
    low = max(low, bound) if state == "fail" else min(low, bound)
    high = min(high, bound) if state == "pass" else max(high, bound)
    estimate = _estimate(then, stored)
    cells = len(blocks[0].candidate) if blocks else 0
    told = Facts(
        state=state,
        difference=isinstance(rule, Margin),
        bound=bound,
        estimate=estimate,
        low=low,
        high=high,
        blocks=counted,
        cells=cells,
        unscored=sum(
            outcome is None for block in then for outcome in block.candidate + (block.baseline or ())
        ),
        later=len(blocks) - counted,
    )
    return Decision(
        state=state,
        blocks=counted,
        estimate=estimate,
        low=low,
        high=high,
        e_pass=_wealth(passing[counted]),
        e_fail=_wealth(failing[counted]),
        threshold=round(1 / (1 - confidence), 6),
        reason=reason(told),
    )


def _first(passes: NDArray[np.bool_], fails: NDArray[np.bool_]) -> tuple[State, int]:
    """The first look that decides, and how; else the last one. A look is the number of blocks it is after."""
    decided = np.flatnonzero(passes | fails)
    if not len(decided):
        return "undecided", len(passes) - 1
    look = int(decided[0])
    return "pass" if passes[look] else "fail", look


def _must_fit(
    rule: Ceiling | Margin, blocks: Sequence[Block], confidence: float, stored: Sequence[Stored] | None
) -> None:
    if not LEAST <= confidence < 1:
        raise BadInputError(f"a confidence of {confidence}", fix="Allowed: from 0.5 to below 1")
    if isinstance(rule, Ceiling) and stored is not None:
        raise BadInputError("a saved baseline for a ceiling", fix="Only a margin is held against a baseline")
    if any(cell.hits > cell.n for cell in stored or ()):
        raise BadInputError("a saved baseline with more hits than samples in a cell", fix="Save it again")
    arms = [arm for block in blocks for arm in (block.candidate, block.baseline) if arm is not None]
    sizes = {len(arm) for arm in arms}
    if stored is not None:
        sizes.add(len(stored))
    if len(sizes) > 1 or 0 in sizes:
        raise BadInputError(
            f"arms of {' and '.join(map(str, sorted(sizes)))} cells",
            fix="Give one outcome for every cell in every block, and None where it is unscored",
        )
    paired = isinstance(rule, Margin) and stored is None
    if any((block.baseline is not None) != paired for block in blocks):
        raise BadInputError(
            "a block without its baseline arm" if paired else "a baseline arm that nothing is held against",
            fix="A margin takes its baseline either from every block or from `stored`, and a ceiling has none",
        )


def _test(rule: Ceiling | Margin, blocks: Sequence[Block], stored: Sequence[Stored] | None) -> Test:
    candidate = _arm([block.candidate for block in blocks])
    if isinstance(rule, Ceiling):
        return of_rate(candidate)
    if stored is None:
        return of_difference(candidate, _arm([block.baseline or () for block in blocks]))
    return against_stored(candidate, *_worst_cases(stored))


def _arm(rows: Sequence[Sequence[bool | None]]) -> Floats:
    """Outcomes as numbers, blocks x cells; NaN is unscored."""
    cells = len(rows[0]) if rows else 1
    return np.array(rows, dtype=np.float64).reshape(len(rows), cells)


def _worst_cases(stored: Sequence[Stored]) -> tuple[int, int, int]:
    """Fewest and most hits of a saved baseline, and its samples.

    All cells count as if they had as many samples as the largest, because the mean gives them equal weight: what is missing is
    unscored.
    """
    most = max(cell.n + cell.unscored for cell in stored)
    hits, scored = sum(cell.hits for cell in stored), sum(cell.n for cell in stored)
    samples = most * len(stored)
    return hits, hits + samples - scored, samples


def _estimate(blocks: Sequence[Block], stored: Sequence[Stored] | None) -> float | None:
    """The mean over the cells of the share shown among what is scored, less the baseline's."""
    if not blocks:
        return None
    rates = _rates(_arm([block.candidate for block in blocks]))
    if blocks[0].baseline is not None:
        rates -= _rates(_arm([block.baseline or () for block in blocks]))
    if stored is not None:
        rates -= np.array([cell.hits / cell.n if cell.n else np.nan for cell in stored])
    mean = float(rates.mean())
    return None if np.isnan(mean) else mean


def _rates(arm: Floats) -> Floats:
    scored = (~np.isnan(arm)).sum(axis=0)
    return np.where(scored > 0, np.nansum(arm, axis=0) / np.maximum(scored, 1), np.nan)


def _wealth(logarithm: np.float64) -> float:
    """Evidence as a plain number, kept finite so that it can be written as JSON."""
    return exp(min(float(logarithm), 700.0))
