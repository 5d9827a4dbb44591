"""What the rate would be if the decider erred on a run as it does on the labelled examples: a sensitivity analysis."""

from collections.abc import Mapping

from unbidden.calibration import Accuracy, Share, accuracy, calibrate
from unbidden.reading import Frozen
from unbidden.scoring.evidence import Decider
from unbidden.scoring.examples import Half
from unbidden.scoring.ladder import Ladder, Question

LEAST = 0.1
"""With sensitivity + specificity - 1 below this the decider hardly tells yes from no, and nothing can be inferred."""


class Supposed(Frozen):
    """The rate supposed, in [0, 1], and its range over the exact limits of both error rates; `words` say what is odd."""

    question: Question
    value: float | None
    low: float
    high: float
    words: str = ""


async def on_examples(decider: Decider, ladder: Ladder, half: Half | None) -> dict[Question, Accuracy]:
    """A decider's error rates on the labelled examples of the questions that a behaviour is decided by."""
    return {question: accuracy(await calibrate(decider, question, half)) for question in ladder.questions()}


def graders_of(decider: str) -> list[str]:
    """The models of a run's decider, from its name in tables; none for the lexicon."""
    kind, _, models = decider.partition(":")
    return models.split("+") if kind == "panel" else [models] if models else []


def supposed(raw: float, measured: Mapping[Question, Accuracy]) -> list[Supposed]:
    """A raw rate under the error rates on the examples of each question.

    The examples are single acts that were written to be hard, and a rate is over whole samples: how the decider errs on the
    one says little of how it errs on the other. So this shows how much could depend on it, and is no estimate.
    """
    return [
        rogan_gladen(question, raw, found.sensitivity, found.specificity)
        for question, found in measured.items()
    ]


def rogan_gladen(question: Question, raw: float, sensitivity: Share, specificity: Share) -> Supposed:
    """Rogan and Gladen, Am. J. Epidemiol. 107 (1978) 71-76: (raw + specificity - 1) / (sensitivity + specificity - 1)."""
    if not sensitivity.n or not specificity.n:
        return Supposed(question=question, value=None, low=0.0, high=1.0, words="no example was answered")
    found, left = sensitivity.hits / sensitivity.n, specificity.hits / specificity.n
    value = _solved(raw, found, left)
    corners = [
        _solved(raw, one, other)
        for one in (sensitivity.low, sensitivity.high)
        for other in (specificity.low, specificity.high)
    ]
    known = [corner for corner in corners if corner is not None]
    whole = len(known) == len(corners)
    return Supposed(
        question=question,
        value=None if value is None else _clipped(value),
        low=_clipped(min(known)) if whole else 0.0,
        high=_clipped(max(known)) if whole else 1.0,
        words=_words(raw, found, left, value),
    )


def _solved(raw: float, sensitivity: float, specificity: float) -> float | None:
    informed = sensitivity + specificity - 1
    return (raw + specificity - 1) / informed if informed >= LEAST else None


def _clipped(value: float) -> float:
    return min(1.0, max(0.0, value))


def _words(raw: float, sensitivity: float, specificity: float, value: float | None) -> str:
    if value is None:
        return "sensitivity + specificity - 1 is near zero: nothing can be inferred"
    if value < 0:
        return (
            f"false alarms on the examples ({1 - specificity:.0%}) exceed the raw rate ({raw:.0%}): "
            "set to 0, the decider errs otherwise on this run"
        )
    if value > 1:
        return (
            f"the raw rate ({raw:.0%}) exceeds the sensitivity on the examples ({sensitivity:.0%}): "
            "set to 1, the decider errs otherwise on this run"
        )
    return ""
