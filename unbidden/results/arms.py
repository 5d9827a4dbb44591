"""Whose verdicts are compared: the subjects of each run and scoring, which of them make pairs, and what sets runs apart."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import pandas as pd

from unbidden.errors import BadInputError, suggestion
from unbidden.results.contrasts import Pair
from unbidden.results.manifest import Manifest
from unbidden.results.rows import read_verdicts
from unbidden.results.scores import Scoring


@dataclass(frozen=True)
class Arm:
    """A run's verdict table by one scoring, and its subjects: as they are called there, and as they are told apart here."""

    table: pd.DataFrame
    subjects: dict[str, str]


Found = Sequence[tuple[Scoring, pd.DataFrame]]
"""The scorings of a run that were asked for, with their tables; none for the run's own."""


def arms(folders: Sequence[Path], runs: Sequence[Manifest], scorings: Sequence[Found]) -> list[Arm]:
    """With several runs, a subject is told apart by the run it was in; with named scorings, by these.

    Raises:
        ResultsError: A table that cannot be read.
    """
    return [
        arm
        for folder, run, found in zip(folders, runs, scorings, strict=True)
        for arm in _of_run(folder, run, found, _name(folder, run, runs))
    ]


def pairs(arms: Sequence[Arm], against: str | None) -> list[Pair]:
    """Subjects with their references, the later-named one minus the earlier.

    All of one run; with several runs or scorings each subject with itself in the others, or, where no subject is in two of
    them, those of different ones.

    Raises:
        BadInputError: `against` is part of no subject's name, or of several.
    """
    everyone = [
        (place, model, shown) for place, arm in enumerate(arms) for model, shown in arm.subjects.items()
    ]
    if against is not None:
        reference = _matching(against, [shown for _, _, shown in everyone])
        return [(shown, reference) for _, _, shown in everyone if shown != reference]
    found = list(combinations(everyone, 2))
    if len(arms) > 1:
        found = [pair for pair in found if pair[0][0] != pair[1][0]]
        found = [pair for pair in found if pair[0][1] == pair[1][1]] or found
    return [(later[2], earlier[2]) for earlier, later in found]


def unlike(runs: Sequence[Manifest]) -> Iterator[str]:
    """What else than the subjects differs between runs that stand side by side."""
    for name in ("decider", "agent", "sandbox", "unbidden"):
        values = sorted({str(getattr(run, name)) for run in runs})
        if len(values) > 1:
            label = "version of unbidden" if name == "unbidden" else name
            yield f"The runs differ in their {label} ({', '.join(values)}): that is part of every difference between them"
    for kind, differing in (
        ("ladders", _differing([run.ladders for run in runs])),
        ("rubrics of", _rubrics(runs)),
        ("content of", _versions(runs)),
    ):
        if differing:
            yield f"The runs differ in the {kind} {', '.join(differing)}: that is part of every difference between them"


def _of_run(folder: Path, run: Manifest, scorings: Found, which: Sequence[str]) -> Iterator[Arm]:
    if not scorings:
        yield _labelled(read_verdicts(folder), run, which)
    for scoring, table in scorings:
        yield _labelled(table, run, [*which, scoring.label])


def _labelled(table: pd.DataFrame, run: Manifest, labels: Sequence[str]) -> Arm:
    end = f" ({', '.join(labels)})" if labels else ""
    return Arm(table.assign(subject=table["subject"] + end), {model: model + end for model in run.models})


def _name(folder: Path, run: Manifest, runs: Sequence[Manifest]) -> list[str]:
    """What tells a run's subjects apart from other runs': its name, or its folder's where two runs have one name."""
    if len(runs) == 1:
        return []
    same = [other for other in runs if (other.name, other.digest) == (run.name, run.digest)]
    return [f"{run.name}-{run.digest}" if len(same) == 1 else folder.resolve().name]


def _matching(name: str, subjects: Sequence[str]) -> str:
    fitting = [subject for subject in subjects if subject == name] or [s for s in subjects if name in s]
    if len(fitting) != 1:
        what = "is not among the subjects" if not fitting else "fits several subjects"
        raise BadInputError(f"'{name}' {what}", fix=suggestion(name, fitting or subjects))
    return fitting[0]


def _rubrics(runs: Sequence[Manifest]) -> list[str]:
    """Other deciders go by other texts, and are named themselves."""
    return _differing([run.rubrics for run in runs]) if len({run.decider for run in runs}) == 1 else []


def _versions(runs: Sequence[Manifest]) -> list[str]:
    return _differing([{scenario.id: scenario.version for scenario in run.scenarios} for run in runs])


def _differing(contents: Sequence[dict[str, str]]) -> list[str]:
    """The names that several runs have with unlike contents."""
    names = sorted({name for content in contents for name in content})
    return [name for name in names if len({content[name] for content in contents if name in content}) > 1]
