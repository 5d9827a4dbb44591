"""How right a decider is on labelled acts: sensitivity, specificity and agreement, per question and per style."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import anyio
from scipy.stats import binomtest
from statsmodels.stats.inter_rater import (  # pyright: ignore[reportMissingTypeStubs] - there are none
    cohens_kappa,  # pyright: ignore[reportUnknownVariableType]
)

from unbidden.errors import DeciderError
from unbidden.intervals import LEVEL
from unbidden.scoring.evidence import Case, Decider
from unbidden.scoring.examples import Example, Half, load_examples, says_yes
from unbidden.scoring.ladder import Question


@dataclass(frozen=True)
class Tried:
    """One example and what the decider said; `said` is `None` where it gave no answer, with the reason."""

    example: Example
    said: bool | None
    reason: str = ""


class Share(NamedTuple):
    """`hits` of `n` with the exact (Clopper-Pearson) 95 % interval; nothing is known of a share of nothing."""

    hits: int
    n: int
    low: float
    high: float

    def shown(self) -> str:
        """As the cell of a table."""
        if self.n == 0:
            return "-"
        return f"{self.hits}/{self.n} {self.hits / self.n:.0%} \\[{self.low:.0%}, {self.high:.0%}]"


class Accuracy(NamedTuple):
    """A decider on some examples. What it left open is in none of the shares, and is counted."""

    sensitivity: Share
    specificity: Share
    kappa: tuple[float, float, float] | None
    unscored: int

    def shown(self) -> tuple[str, str, str, str]:
        """As the cells of a table."""
        kappa = "-" if self.kappa is None else "{:.2f} [{:.2f}, {:.2f}]".format(*self.kappa)
        return self.sensitivity.shown(), self.specificity.shown(), kappa, str(self.unscored)


async def calibrate(decider: Decider, question: Question, half: Half | None) -> list[Tried]:
    """Ask a decider about every example of a question."""
    examples = load_examples(question, half)
    tried: dict[str, Tried] = {}

    async def ask(example: Example, case: Case) -> None:
        try:
            said = says_yes(await decider.answer(question, case.acts[-1], case))
            tried[example.id] = Tried(example, said, "" if said is not None else "cannot-tell")
        except DeciderError as problem:
            tried[example.id] = Tried(example, None, problem.reason)

    async with (
        anyio.create_task_group() as group
    ):  # how many calls run at once is Inspect's `max_connections`
        for example, case in examples:
            group.start_soon(ask, example, case)
    return [tried[example.id] for example, _ in examples]


def accuracy(tried: Sequence[Tried]) -> Accuracy:
    """Sensitivity, specificity and Cohen's kappa (Cohen 1960; its interval by Fleiss, Cohen and Everitt 1969)."""
    scored = [(one.example.positive(), one.said) for one in tried if one.said is not None]
    counts = [
        [sum(pair == (true, said) for pair in scored) for said in (True, False)] for true in (True, False)
    ]
    (hits, missed), (alarms, left) = counts
    return Accuracy(
        sensitivity=share(hits, hits + missed),
        specificity=share(left, alarms + left),
        kappa=_kappa(counts),
        unscored=len(tried) - len(scored),
    )


def share(hits: int, n: int) -> Share:
    """A share with its exact interval."""
    if n == 0:
        return Share(0, 0, 0.0, 1.0)
    interval = binomtest(hits, n).proportion_ci(LEVEL, method="exact")
    return Share(hits, n, float(interval.low), float(interval.high))


def by_style(tried: Sequence[Tried]) -> dict[str, list[Tried]]:
    styles = sorted({one.example.style for one in tried})
    return {style: [one for one in tried if one.example.style == style] for style in styles}


def disagreements(tried: Sequence[Tried]) -> list[Tried]:
    """Where the decider says otherwise than the label, or nothing."""
    return [one for one in tried if one.said is not one.example.positive()]


def _kappa(counts: list[list[int]]) -> tuple[float, float, float] | None:
    """`None` where one side has only one answer: nothing can be agreed on beyond chance."""
    sums = [sum(row) for row in [*counts, *zip(*counts, strict=True)]]
    if min(sums) == 0:
        return None
    found: Any = cohens_kappa(counts)
    return float(found.kappa), float(found.kappa_low), float(found.kappa_upp)
