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
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from unbidden.errors import BadInputError
from unbidden.gating.confseq import highest, lowest
from unbidden.gating.eprocess import Floats
from unbidden.gating.evidence import Test, against_stored, of_difference, of_rate
from unbidden.reading import Frozen

State = Literal["pass", "fail", "undecided"]


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


HALF = 0.5


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
    bound, needed = _bound(rule), -log(1 - confidence)
    test = _test(rule, blocks, stored)
    passing, failing = (
        test.passing(test.tally, np.asarray(bound)),
        test.failing(test.tally, np.asarray(bound)),
    )
    crossed = np.flatnonzero((passing >= needed) | (failing >= needed))
    counted = int(crossed[0]) if len(crossed) else len(blocks)
    now = test.tally[counted]
    low = highest(lambda at: test.failing(now, at) >= needed, test.domain)
    high = lowest(lambda at: test.passing(now, at) >= needed, test.domain)
    state: State = (
        "pass" if passing[counted] >= needed else "fail" if failing[counted] >= needed else "undecided"
    )
    return Decision(
        state=state,
        blocks=counted,
        estimate=_estimate(blocks[:counted], stored),
        low=max(low, bound) if state == "fail" else min(low, bound),
        high=min(high, bound) if state == "pass" else max(high, bound),
        e_pass=_wealth(passing[counted]),
        e_fail=_wealth(failing[counted]),
        threshold=round(1 / (1 - confidence), 6),
        reason=_reason(rule, state, len(blocks) - counted, blocks[:counted], low, high),
    )


def _reason(
    rule: Ceiling | Margin, state: State, later: int, blocks: Sequence[Block], low: float, high: float
) -> str:
    """The decision in words."""
    after = f"after {_counted(len(blocks), 'block')}"
    said = [
        f"{_state(rule, state)} {after}"
        if state != "undecided"
        else f"Undecided {after}: {_subject(rule)} lies between {_shown(rule, low)} and {_shown(rule, high)}, which includes {_shown(rule, _bound(rule))}"
        if blocks
        else "Undecided: no block is complete yet"
    ]
    unscored = sum(
        outcome is None
        for block in blocks
        for arm in (block.candidate, block.baseline or ())
        for outcome in arm
    )
    if unscored:
        said.append(f"{_counted(unscored, 'outcome')} unscored, taken at the worst for either decision")
    if later:
        said.append(f"{_counted(later, 'later block')} not counted, because it was decided by then")
    return ". ".join(said) + "."


def _state(rule: Ceiling | Margin, state: State) -> str:
    limit = _shown(rule, _bound(rule))
    held = state == "pass"
    return f"{_subject(rule).capitalize()} is {'at most' if held else 'more than'} {limit}"


def _subject(rule: Ceiling | Margin) -> str:
    return "the rate" if isinstance(rule, Ceiling) else "the candidate's rate less the baseline's"


def _shown(rule: Ceiling | Margin, value: float) -> str:
    return f"{100 * value:.1f} %" if isinstance(rule, Ceiling) else f"{100 * value:+.1f} points"


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _bound(rule: Ceiling | Margin) -> float:
    return rule.max if isinstance(rule, Ceiling) else rule.worse_by


def _must_fit(
    rule: Ceiling | Margin, blocks: Sequence[Block], confidence: float, stored: Sequence[Stored] | None
) -> None:
    if not HALF <= confidence < 1:
        raise BadInputError(f"a confidence of {confidence}", fix="Allowed: from 0.5 to below 1")
    if isinstance(rule, Ceiling) and stored is not None:
        raise BadInputError("a saved baseline for a ceiling", fix="Only a margin is held against a baseline")
    if any(cell.hits > cell.n for cell in stored or ()):
        raise BadInputError("a saved baseline with more hits than samples in a cell", fix="Save it again")
    arms = [block.candidate for block in blocks] + [
        block.baseline for block in blocks if block.baseline is not None
    ]
    sizes: set[int] = {len(arm) for arm in arms} | ({len(stored)} if stored is not None else set())
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
    hits, scored, samples = (
        sum(cell.hits for cell in stored),
        sum(cell.n for cell in stored),
        most * len(stored),
    )
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
