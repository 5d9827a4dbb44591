"""Subjects side by side: what the verdict tables say, as numbers."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import combinations
from pathlib import Path
from typing import Any

import pandas as pd

from unbidden.errors import BadInputError, suggestion
from unbidden.results.contrasts import Asked, Contrast, Pair, Within, contrasts
from unbidden.results.differences import Difference
from unbidden.results.generalise import General, generalised
from unbidden.results.lines import Line, lines, scored
from unbidden.results.manifest import Manifest, read_manifest
from unbidden.results.rows import read_verdicts
from unbidden.results.scores import Scoring, changed_ladders, read_scores
from unbidden.results.stats import Bounds, Rate

DESIGN = {"scenario", "version", "cell", "twin", "replicate", "decider", "ladder_version", "sandbox"}
"""Columns that were fixed before a sample was played; all others, apart from factors, are outcomes."""


@dataclass(frozen=True)
class Question:
    """What else to work out, beside the lines: differences of subjects, and what they say of other scenarios.

    Attributes:
        pairs: Compare subjects with each other.
        against: Compare all with this one; a subject's name or a part of it that fits one only.
        within: What samples must share to be compared; by replicate unless a run was made elsewhere, if `None`.
        margin: Say of each difference whether it is shown to be below this, from 0 to 1.
        generalise: Say what holds over scenarios like these.
    """

    pairs: bool = False
    against: str | None = None
    within: Within | None = None
    margin: float | None = None
    generalise: bool = False


@dataclass(frozen=True)
class Comparison:
    """Lines in the order of behaviours and subjects, with what a reader must know about them.

    `scorings` holds the named scorings of each run, where such were asked for; a subject is then told apart by them. `outcome` says that
    lines are split by something the subjects did, `within` which samples `contrasts` compare, `remarks` why something is not there.
    """

    runs: Sequence[Manifest]
    by: str | None
    lines: Sequence[Line]
    scorings: Sequence[Sequence[Scoring]] = ()
    outcome: bool = False
    contrasts: Sequence[Contrast] | None = None
    within: Within = "replicate"
    primary: Sequence[str] = ()
    margin: float | None = None
    general: Sequence[General] | None = None
    remarks: Sequence[str] = ()

    def as_json(self) -> dict[str, Any]:
        """Plain data; rates as `{hits, n, low, high, exact_low, exact_high}`, differences as `{value, low, high}`."""
        data: dict[str, Any] = {
            "runs": [
                {"name": run.name, "digest": run.digest, "decider": run.decider, "scripted": run.scripted()}
                for run in self.runs
            ],
            "by": self.by,
            "lines": [_plain(asdict(line)) for line in self.lines],
            "remarks": list(self.remarks),
        }
        if self.contrasts is not None:
            data |= {"within": self.within, "primary": list(self.primary), "margin": self.margin}
            data["contrasts"] = [_plain(asdict(contrast)) for contrast in self.contrasts]
        if self.general is not None:
            data["general"] = [_plain(asdict(general)) for general in self.general]
        for described, run, scorings in zip(data["runs"], self.runs, self.scorings, strict=False):
            described["scores"] = [_described(scoring, run) for scoring in scorings]
        return data


def compare(
    folders: Sequence[Path],
    by: str | None = None,
    scores: Sequence[str] = (),
    question: Question | None = None,
) -> Comparison:
    """Compare the subjects of one or more runs.

    Args:
        folders: Run folders.
        by: A factor (or any column of the verdict table) to split every line by.
        scores: Labels of scorings to show side by side, `as-run` for the run's own; just the run's own if there are none.
        question: What else to work out.

    Raises:
        ResultsError: A folder or scoring that cannot be read.
        BadInputError: No such column or subject, or the same folder twice.
    """
    if len({folder.resolve() for folder in folders}) < len(folders):
        raise BadInputError("a run folder is named twice", fix="Name each run once")
    question = question or Question()
    runs = [read_manifest(folder) for folder in folders]
    found = [
        [read_scores(folder, run, label) for label in dict.fromkeys(scores)] if scores else []
        for folder, run in zip(folders, runs, strict=True)
    ]
    arms = [
        arm
        for folder, run, scorings in zip(folders, runs, found, strict=True)
        for arm in _arms(folder, run, scorings, _name(folder, run, runs))
    ]
    table = pd.concat([arm.table for arm in arms], ignore_index=True)
    column = _column(table, by) if by is not None else None
    named = [[scoring for scoring, _ in scorings] for scorings in found]
    wanted = {behaviour for run in runs for behaviour in run.wanted}
    wanted |= {behaviour for scorings in named for scoring in scorings for behaviour in scoring.wanted}
    comparison = Comparison(
        runs, by, lines(table, column, wanted), named if scores else (), _is_outcome(column)
    )
    return _answered(comparison, arms, table, column, question)


@dataclass(frozen=True)
class _Arm:
    """A run's verdict table by one scoring, and its subjects: as they are called there, and as they are told apart here."""

    table: pd.DataFrame
    subjects: dict[str, str]


def _arms(
    folder: Path, run: Manifest, scorings: Sequence[tuple[Scoring, pd.DataFrame]], which: Sequence[str]
) -> Iterator[_Arm]:
    """With several runs, a subject is told apart by the run it was in; with named scorings, by these."""
    if not scorings:
        yield _labelled(read_verdicts(folder), run, which)
    for scoring, table in scorings:
        yield _labelled(table, run, [*which, scoring.label])


def _labelled(table: pd.DataFrame, run: Manifest, labels: Sequence[str]) -> _Arm:
    end = f" ({', '.join(labels)})" if labels else ""
    return _Arm(table.assign(subject=table["subject"] + end), {model: model + end for model in run.models})


def _name(folder: Path, run: Manifest, runs: Sequence[Manifest]) -> list[str]:
    """What tells a run's subjects apart from other runs': its name, or its folder's where two runs have one name."""
    if len(runs) == 1:
        return []
    same = [other for other in runs if (other.name, other.digest) == (run.name, run.digest)]
    return [f"{run.name}-{run.digest}" if len(same) == 1 else folder.resolve().name]


def _answered(
    comparison: Comparison, arms: Sequence[_Arm], table: pd.DataFrame, column: str | None, question: Question
) -> Comparison:
    """The comparison with what else was asked worked out."""
    real, wants_pairs = scored(table), question.pairs or question.against is not None
    pairs = _pairs(arms, question.against) if wants_pairs else []
    if question.generalise:
        comparison = replace(comparison, general=generalised(real, pairs))
    if not wants_pairs:
        return comparison
    primary = _primary(comparison.runs)
    imported = any("imported" in run.options for run in comparison.runs)
    within: Within = question.within or ("cell" if imported else "replicate")
    split = None if comparison.outcome else column
    return replace(
        comparison,
        contrasts=contrasts(real, split, Asked(pairs, within, primary, question.margin)),
        within=within,
        primary=sorted(primary),
        margin=question.margin,
        remarks=list(_remarks(comparison, arms, pairs)),
    )


def _remarks(comparison: Comparison, arms: Sequence[_Arm], pairs: Sequence[Pair]) -> Iterator[str]:
    if not pairs:
        only = ", ".join(name for arm in arms for name in arm.subjects.values()) or "none"
        yield f"Nothing to compare: there is one subject only ({only}). Run another --model, or name a second run"
    if comparison.outcome:
        yield f"The differences are not split by {comparison.by}: it is an outcome of the subjects'"


def _pairs(arms: Sequence[_Arm], against: str | None) -> list[Pair]:
    """Subjects with their references, the later-named one minus the earlier.

    All of one run; with several runs or scorings each subject with itself in the others, or, where no subject is in two of
    them, those of different ones.
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


def _matching(name: str, subjects: Sequence[str]) -> str:
    fitting = [subject for subject in subjects if subject == name] or [s for s in subjects if name in s]
    if len(fitting) != 1:
        what = "is not among the subjects" if not fitting else "fits several subjects"
        raise BadInputError(f"'{name}' {what}", fix=suggestion(name, fitting or subjects))
    return fitting[0]


def _primary(runs: Sequence[Manifest]) -> frozenset[str]:
    """The behaviours that every one of the runs declared primary before it began."""
    declared = set(runs[0].primary)
    for run in runs[1:]:
        declared &= set(run.primary)
    return frozenset(declared)


def _described(scoring: Scoring, run: Manifest) -> dict[str, Any]:
    return scoring.model_dump(mode="json", exclude={"samples", "wanted"}) | {
        "changed": changed_ladders(scoring, run)
    }


def _column(table: pd.DataFrame, by: str) -> str:
    for name in (f"cell.{by}", by):
        if name in table.columns:
            return name
    known = [name.removeprefix("cell.") for name in table.columns]
    raise BadInputError(f"the verdict table has no factor or column '{by}'", fix=suggestion(by, known))


def _is_outcome(column: str | None) -> bool:
    return column is not None and not column.startswith("cell.") and column not in DESIGN


def _plain(value: Any) -> Any:
    """Plain data with the fields of named tuples named, which `asdict` leaves out."""
    if isinstance(value, Rate):
        guaranteed = value.guaranteed()
        return value._asdict() | {"exact_low": guaranteed.low, "exact_high": guaranteed.high}
    if isinstance(value, Bounds | Difference):
        return value._asdict()
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}  # pyright: ignore[reportUnknownVariableType]
    return value
