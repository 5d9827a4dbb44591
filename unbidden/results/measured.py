"""What was measured of a judge, kept where runs are, so that their tables can say it."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from unbidden.calibration import Tried, accuracy
from unbidden.errors import BadInputError, ResultsError
from unbidden.reading import Frozen, read_text
from unbidden.results.whole import whole
from unbidden.scoring.examples import examples_version
from unbidden.scoring.ladder import Question

FOLDER = "judges"
"""Where measurements are kept, beside the run folders."""


class Measured(Frozen):
    """A decider on the held-out labelled acts of one question.

    Of `true` acts it found `found`, of `false` ones it left alone `left`; to `unanswered` it gave no answer, and they are in neither.
    `rubric` and `examples` are content hashes.
    """

    rubric: str
    examples: str
    found: int
    true: int
    left: int
    false: int
    unanswered: int

    def shown(self) -> str:
        """As part of a sentence: found / left alone."""
        missing = f" ({self.unanswered} without an answer)" if self.unanswered else ""
        return f"{self.found} of {self.true} / {self.left} of {self.false}{missing}"


class Measurements(Frozen):
    """All that was measured of one decider."""

    decider: str
    questions: dict[Question, Measured]


def measured(tried: Sequence[Tried], question: Question, rubric: str) -> Measured:
    """The counts of one question.

    Args:
        tried: What the decider said about its held-out examples.
        question: The question.
        rubric: The content hash of what it went by.
    """
    right = accuracy(tried)
    return Measured(
        rubric=rubric,
        examples=examples_version(question),
        found=right.sensitivity.hits,
        true=right.sensitivity.n,
        left=right.specificity.hits,
        false=right.specificity.n,
        unanswered=right.unscored,
    )


def keep(results: Path, decider: str, found: Mapping[Question, Measured]) -> Path:
    """Keep what was measured, in place of what was measured of the same questions before; returns the file.

    Raises:
        BadInputError: It cannot be written.
        ResultsError: What was kept before cannot be read.
    """
    path, before = _path(results, decider), recall(results, decider)
    kept = Measurements(decider=decider, questions={**before, **found})
    text = json.dumps(kept.model_dump(mode="json"), indent=1, ensure_ascii=False)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole(path) as part:
            part.write_text(text + "\n", encoding="utf-8")
    except OSError as problem:
        raise BadInputError(f"cannot write there ({problem})", where=str(path)) from None
    return path


def recall(results: Path, decider: str) -> dict[Question, Measured]:
    """What was measured of a decider; empty if nothing was.

    Raises:
        ResultsError: It cannot be read.
    """
    path = _path(results, decider)
    try:
        return Measurements.model_validate_json(read_text(path)).questions
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as problem:
        raise ResultsError(
            f"cannot be read ({str(problem).splitlines()[0]})",
            where=str(path),
            fix="Delete it, and run 'unbidden judge check' again",
        ) from None


def _path(results: Path, decider: str) -> Path:
    """A readable name, told apart by a hash: names of models hold what names of files cannot."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", decider)[:80]
    return results / FOLDER / f"{plain}-{hashlib.sha256(decider.encode()).hexdigest()[:8]}.json"
