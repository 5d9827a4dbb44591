"""What a reader must know of a run's decider: how often it errs, and how far a panel's judges agree."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import anyio

from unbidden.calibration import Share, accuracy, calibrate
from unbidden.errors import NotFoundError
from unbidden.results.answers import agreement
from unbidden.results.measured import recall
from unbidden.results.scores import Scoring, answers_of
from unbidden.scoring.deciders import LEXICON
from unbidden.scoring.ladder import QUESTIONS, Question, load_ladder
from unbidden.scoring.lexicon import Lexicon


def about_decider(folder: Path, scoring: Scoring) -> list[str]:
    """Sentences about the decider of one scoring of a run folder; none where rules settled everything.

    The lexicon's error rates are measured on the spot, on the held-out half of the labelled examples; a judge's are those that
    `unbidden judge check` kept beside the run folder.

    Raises:
        ResultsError: The answers of a panel, or what was measured, cannot be read.
    """
    asked = _questions(sorted(scoring.ladders))
    if not asked:
        return []
    if scoring.decider == LEXICON:
        return [
            f"Measured on labelled acts kept apart, it finds / leaves alone: {'; '.join(_measured(asked))}"
        ]
    return [
        *_of_judge(folder.resolve().parent, scoring, asked),
        *(_agreed(folder, scoring) if scoring.decider.startswith("panel:") else []),
    ]


def _questions(behaviours: Sequence[str]) -> list[Question]:
    """What the ladders ask a decider; a ladder that is no longer there asks nothing."""
    asked: set[Question] = set()
    for name in behaviours:
        try:
            asked |= set(load_ladder(name).questions())
        except NotFoundError:
            continue
    return [question for question in QUESTIONS if question in asked]


def _measured(questions: Sequence[Question]) -> Iterator[str]:
    for question in questions:
        right = accuracy(anyio.run(calibrate, Lexicon(), question, "held-out"))
        yield f"{question} {_share(right.sensitivity)} / {_share(right.specificity)}"


def _of_judge(results: Path, scoring: Scoring, asked: Sequence[Question]) -> Iterator[str]:
    """What was measured of a judge by the rubrics that it went by here, and what was not."""
    kept = recall(results, scoring.decider)
    known = {
        question: kept[question]
        for question in asked
        if question in kept and kept[question].rubric == scoring.rubrics.get(question)
    }
    if known:
        shares = "; ".join(f"{question} {found.shown()}" for question, found in known.items())
        yield f"Measured on labelled acts kept apart, it finds / leaves alone: {shares}"
    if unknown := [question for question in asked if question not in known]:
        graders = scoring.decider.partition(":")[2].split("+")
        measure = " ".join(["unbidden judge check", *(f"--grader {grader}" for grader in graders)])
        yield f"How often it errs on {', '.join(unknown)} is not known here: '{measure}' measures it"


def _share(share: Share) -> str:
    return f"{share.hits} of {share.n}"


def _agreed(folder: Path, scoring: Scoring) -> Iterator[str]:
    for question, found in agreement(answers_of(folder, scoring.label)).items():
        alpha = "undefined" if found.alpha is None else f"{found.alpha:.2f}"
        yield f"The judges' agreement on {question}: Krippendorff's alpha {alpha} over {found.acts} acts"
