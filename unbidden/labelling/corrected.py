"""A run's rates corrected by what people said about a random part of its samples."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from pathlib import Path

from unbidden.calibration import Accuracy
from unbidden.errors import ResultsError
from unbidden.intervals import wilson
from unbidden.labelling.draw import STRATA, Population, population
from unbidden.labelling.error_rates import NOTICED, ErrorRates, equal_errors, error_rates
from unbidden.labelling.rogan_gladen import Supposed, supposed
from unbidden.labelling.store import Answer, Key, Label, Stratum, labels_path, latest, read_labels
from unbidden.labelling.two_phase import Estimate, Interval, Labelled, difference, estimate, labelled
from unbidden.reading import Frozen
from unbidden.results.manifest import read_manifest
from unbidden.scoring.ladder import Question


class Line(Frozen):
    """One subject. `raw` is the decider's own rate over scored samples, `lost` counts samples that left nothing to look at."""

    subject: str
    counted: int
    scored: int
    raw: Interval | None
    corrected: Estimate | None
    strata: dict[Stratum, Labelled]
    lost: int
    errors: ErrorRates
    supposed: list[Supposed]

    @property
    def labels(self) -> int:
        return sum(stratum.n for stratum in self.strata.values())

    def unlabelled(self) -> dict[Stratum, int]:
        """Strata of which nobody has labelled anything, with their sizes."""
        return {name: part.size for name, part in self.strata.items() if part.size and not part.n}


class Pair(Frozen):
    """Two subjects: the first's corrected rate minus the second's, and p-values of the decider erring alike on both."""

    first: str
    second: str
    difference: Estimate | None
    equal_sensitivity: float | None
    equal_specificity: float | None

    def differs(self) -> list[str]:
        """Which of the decider's error rates differ."""
        tested = {"sensitivity": self.equal_sensitivity, "specificity": self.equal_specificity}
        return [name for name, p in tested.items() if p is not None and p < NOTICED]


class Report(Frozen):
    """One behaviour of one run; `disagreed` counts samples that people label differently, taken as unclear."""

    run: str
    title: str
    behaviour: str
    decider: str
    scripted: bool
    people: list[str]
    disagreed: int
    lines: list[Line]
    pairs: list[Pair]


def corrected(
    folder: Path,
    behaviour: str,
    who: str | None = None,
    examples: Mapping[Question, Accuracy] | None = None,
) -> Report:
    """The rates of a behaviour, corrected subject by subject.

    Args:
        folder: The run folder.
        behaviour: The behaviour.
        who: Whose labels to use; everybody's if `None`.
        examples: The decider's error rates on the labelled examples, for the sensitivity analysis.

    Raises:
        ResultsError: There are no labels, or they belong to other verdicts than the run now has.
        BadInputError: The run has no such behaviour.
    """
    run, found = read_manifest(folder), population(folder, behaviour)
    path = labels_path(folder, behaviour)
    labels = [label for label in latest(read_labels(path)) if who is None or label.who == who]
    if not labels:
        of = "" if who is None else f" of '{who}'"
        raise ResultsError(
            f"there are no labels{of} for {behaviour} in this run",
            where=str(folder),
            fix=f"'unbidden label {folder} --behaviour {behaviour}' asks",
        )
    _must_be_of(found, labels, path)
    agreed = _agreed(labels)
    lines = [_line(found, subject, agreed, examples or {}) for subject in found.subjects()]
    return Report(
        run=f"{run.name}-{run.digest}",
        title=run.title,
        behaviour=behaviour,
        decider=run.decider,
        scripted=run.scripted(),
        people=sorted({label.who for label in labels}),
        disagreed=sum(len(answers) > 1 for answers in _by_sample(labels).values()),
        lines=lines,
        pairs=[_pair(first, second) for first, second in combinations(lines, 2)],
    )


def _must_be_of(found: Population, labels: Sequence[Label], path: Path) -> None:
    """Labels that were drawn from other strata than there are now are a random part of none of these."""
    now = {unit.key: unit.stratum for unit in found.units}
    strange = [label for label in labels if now.get(label.key()) != label.stratum]
    if strange:
        first = strange[0]
        raise ResultsError(
            f"{len(strange)} of {len(labels)} labels were drawn when the run had other verdicts "
            f"(the first: {first.scenario} {first.sample})",
            where=str(path),
            fix="Restore the verdicts they were drawn by, or move the file away and label anew",
        )


def _by_sample(labels: Iterable[Label]) -> dict[Key, set[Answer]]:
    answers: dict[Key, set[Answer]] = {}
    for label in labels:
        answers.setdefault(label.key(), set()).add(label.label)
    return answers


def _agreed(labels: Iterable[Label]) -> dict[Key, Answer]:
    """Each sample's label; where people differ it is unclear."""
    return {
        key: next(iter(answers)) if len(answers) == 1 else "unclear"
        for key, answers in _by_sample(labels).items()
    }


def _line(
    found: Population,
    subject: str,
    agreed: Mapping[Key, Answer],
    examples: Mapping[Question, Accuracy],
) -> Line:
    strata = _strata(found, subject, agreed)
    counted, scored = strata["counted"].size, strata["counted"].size + strata["not-counted"].size
    raw = None
    if scored:
        low, high = wilson(counted, scored)
        raw = Interval(value=counted / scored, low=low, high=high)
    return Line(
        subject=subject,
        counted=counted,
        scored=scored,
        raw=raw,
        corrected=estimate(list(strata.values())),
        strata=strata,
        lost=found.lost.get(subject, 0),
        errors=error_rates(strata),
        supposed=supposed(raw.value, examples) if raw is not None else [],
    )


def _strata(found: Population, subject: str, agreed: Mapping[Key, Answer]) -> dict[Stratum, Labelled]:
    answers: dict[Stratum, Counter[Answer]] = {stratum: Counter() for stratum in STRATA}
    for unit in found.units:
        if unit.key.subject == subject and (answer := agreed.get(unit.key)) is not None:
            answers[unit.stratum][answer] += 1
    sizes = found.sizes(subject)
    return {stratum: labelled(sizes[stratum], answers[stratum]) for stratum in STRATA}


def _pair(first: Line, second: Line) -> Pair:
    found, left = equal_errors(first.strata, second.strata)
    known = first.corrected and second.corrected and difference(first.corrected, second.corrected)
    return Pair(
        first=first.subject,
        second=second.subject,
        difference=known or None,
        equal_sensitivity=found,
        equal_specificity=left,
    )
