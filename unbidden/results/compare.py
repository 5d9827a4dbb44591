"""Subjects side by side: what the verdict tables say, as numbers."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from unbidden.errors import BadInputError, suggestion
from unbidden.results.arms import Arm, arms, pairs, unlike
from unbidden.results.contrasts import Asked, Contrast, Pair, Within, contrasts
from unbidden.results.deciding import about_decider
from unbidden.results.differences import Difference
from unbidden.results.generalise import General, generalised
from unbidden.results.lines import Line, lines, scored
from unbidden.results.manifest import Manifest, read_manifest
from unbidden.results.scores import Scoring, changed_since, read_scores
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

    `deciders` holds for each run what must be known of those who decided. `scorings` holds the named scorings of each run, where such were
    asked for; a subject is then told apart by them. `outcome` says that
    lines are split by something the subjects did, `within` which samples `contrasts` compare, `remarks` why something is not there.
    """

    runs: Sequence[Manifest]
    by: str | None
    lines: Sequence[Line]
    deciders: Sequence[Sequence[str]] = ()
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
        for described, sentences in zip(data["runs"], self.deciders, strict=False):
            described["decider_notes"] = list(sentences)
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
    shown = arms(folders, runs, found)
    table = pd.concat([arm.table for arm in shown], ignore_index=True)
    column = column_of(table, by) if by is not None else None
    named = [[scoring for scoring, _ in scorings] for scorings in found]
    wanted = {behaviour for run in runs for behaviour in run.wanted}
    wanted |= {behaviour for scorings in named for scoring in scorings for behaviour in scoring.wanted}
    comparison = Comparison(
        runs,
        by,
        lines(table, column, wanted),
        [
            _about(folder, scorings or [Scoring.own(run)])
            for folder, run, scorings in zip(folders, runs, named, strict=True)
        ],
        named if scores else (),
        outcome=_is_outcome(column),
        remarks=list(unlike(runs)),
    )
    return _answered(comparison, shown, table, column, question)


def _about(folder: Path, scorings: Sequence[Scoring]) -> list[str]:
    """What must be known of the deciders, each said once."""
    sentences = [sentence for scoring in scorings for sentence in about_decider(folder, scoring)]
    return list(dict.fromkeys(sentences))


def _answered(
    comparison: Comparison, found: Sequence[Arm], table: pd.DataFrame, column: str | None, question: Question
) -> Comparison:
    """The comparison with what else was asked worked out."""
    real, wants_pairs = scored(table), question.pairs or question.against is not None
    compared = pairs(found, question.against) if wants_pairs else []
    if question.generalise:
        comparison = replace(comparison, general=generalised(real, compared))
    if not wants_pairs:
        return comparison
    primary = _primary(comparison.runs)
    imported = any("imported" in run.options for run in comparison.runs)
    within: Within = question.within or ("cell" if imported else "replicate")
    behaviours = sorted({line.behaviour for line in comparison.lines})
    split = None if comparison.outcome else column
    return replace(
        comparison,
        contrasts=contrasts(real, split, Asked(compared, within, primary, behaviours, question.margin)),
        within=within,
        primary=sorted(primary),
        margin=question.margin,
        remarks=list(_remarks(comparison, found, compared)),
    )


def _remarks(comparison: Comparison, found: Sequence[Arm], compared: Sequence[Pair]) -> Iterator[str]:
    yield from comparison.remarks
    if not compared:
        only = ", ".join(name for arm in found for name in arm.subjects.values()) or "none"
        yield f"Nothing to compare: there is one subject only ({only}). Run another --model, or name a second run"
    if comparison.outcome:
        yield f"The differences are not split by {comparison.by}: it is an outcome of the subjects'"


def _primary(runs: Sequence[Manifest]) -> frozenset[str]:
    """The behaviours that every one of the runs declared primary before it began."""
    declared = set(runs[0].primary)
    for run in runs[1:]:
        declared &= set(run.primary)
    return frozenset(declared)


def _described(scoring: Scoring, run: Manifest) -> dict[str, Any]:
    return scoring.model_dump(mode="json", exclude={"samples", "wanted"}) | {
        "changed": changed_since(scoring, run)
    }


def column_of(table: pd.DataFrame, by: str) -> str:
    """The column that `--by` names: a factor, or any other; raises `BadInputError` if there is none."""
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
