"""How a ceiling will probably be decided, and after how many blocks: exact, before anything is run."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log

import numpy as np

from unbidden.gating.eprocess import Floats, Tally
from unbidden.gating.evidence import of_rate


@dataclass(frozen=True)
class Outlook:
    """Chances for assumed rates of the cells: of having passed and failed by each number of blocks, 0 first."""

    passed: Floats
    failed: Floats

    @property
    def expected_blocks(self) -> float:
        """The mean number of blocks until it is decided, or until the last one."""
        return float((1 - self.passed - self.failed)[:-1].sum())


def outlook(ceiling: float, rates: Sequence[float], blocks: int, *, confidence: float = 0.95) -> Outlook:
    """The chances of a ceiling's decisions.

    The evidence depends on the number of hits alone, so the chances of all numbers of hits are carried from block to block and
    those that decide are taken out.

    Args:
        ceiling: The bound on the mean rate.
        rates: The rate of each cell; a block is one sample of each.
        blocks: How many blocks to look ahead.
        confidence: As for `decide`.
    """
    of_block, cells, needed = _hits(rates), len(rates), -log(1 - confidence)
    test = of_rate(np.empty((0, cells)))
    passed, failed = np.zeros(blocks + 1), np.zeros(blocks + 1)
    undecided, least = np.ones(1), 0  # the chances of `least` hits and more
    for block in range(1, blocks + 1):
        undecided = np.convolve(undecided, of_block)
        hits = least + np.arange(len(undecided))
        counts = np.stack([block * cells - hits, 0 * hits, hits], axis=-1).astype(np.float64)
        tally, bound = Tally(counts, counts), np.asarray(ceiling)
        passes, fails = test.passing(tally, bound) >= needed, test.failing(tally, bound) >= needed
        passed[block] = undecided[passes].sum()
        failed[block] = undecided[fails].sum()
        undecided[passes | fails] = 0
        left = np.flatnonzero(undecided)
        if not len(left):
            break
        undecided, least = undecided[left[0] : left[-1] + 1], least + int(left[0])
    return Outlook(passed.cumsum(), failed.cumsum())


def _hits(rates: Sequence[float]) -> Floats:
    """The chances of 0, 1, ... hits in one block."""
    chances = np.ones(1)
    for rate in rates:
        chances = np.convolve(chances, [1 - rate, rate])
    return chances
