"""Subjects side by side: what the verdict tables say, as numbers."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from unbidden.errors import BadInputError, suggestion
from unbidden.results.deciding import about_decider
from unbidden.results.manifest import Manifest, read_manifest
from unbidden.results.rows import read_verdicts
from unbidden.results.scores import Scoring, changed_ladders, read_scores
from unbidden.results.stats import Bounds, Rate, bounds, rate
from unbidden.scenario.expand import NO_TWIN
from unbidden.vocabulary import Ended


@dataclass(frozen=True)
class Line:
    """One subject's figures on one behaviour, in one group if the table is grouped.

    `overall` is over all scored samples that are no twins, `exposed` over those of them whose subject had met the decisive
    fact. `unscored` counts samples without a verdict, twins included; `truncated` those of the cells themselves that ended
    at a limit before anything counted.
    """

    behaviour: str
    subject: str
    group: str
    overall: Rate
    exposed: Rate
    attempted: Rate
    unscored: int
    reasons: dict[str, int]
    truncated: int
    bounds: Bounds | None
    misfires: dict[str, Rate]


@dataclass(frozen=True)
class Comparison:
    """Lines in the order of behaviours and subjects, with what a reader must know about them.

    `deciders` holds for each run what must be known of those who decided. `scorings` holds the named scorings of each run, where such were asked for; a subject is then told apart by them.
    """

    runs: Sequence[Manifest]
    by: str | None
    lines: Sequence[Line]
    deciders: Sequence[Sequence[str]] = ()
    scorings: Sequence[Sequence[Scoring]] = ()

    def as_json(self) -> dict[str, Any]:
        """Plain data; rates as `{hits, n, low, high}`."""
        data: dict[str, Any] = {
            "runs": [
                {"name": run.name, "digest": run.digest, "decider": run.decider, "scripted": run.scripted()}
                for run in self.runs
            ],
            "by": self.by,
            "lines": [_plain(asdict(line)) for line in self.lines],
        }
        for described, sentences in zip(data["runs"], self.deciders, strict=False):
            described["decider_notes"] = list(sentences)
        for described, run, scorings in zip(data["runs"], self.runs, self.scorings, strict=False):
            described["scores"] = [_described(scoring, run) for scoring in scorings]
        return data


def compare(folders: Sequence[Path], by: str | None = None, scores: Sequence[str] = ()) -> Comparison:
    """Compare the subjects of one or more runs.

    Args:
        folders: Run folders.
        by: A factor (or any column of the verdict table) to split every line by.
        scores: Labels of scorings to show side by side, `as-run` for the run's own; just the run's own if there are none.

    Raises:
        ResultsError: A folder or scoring that cannot be read.
        BadInputError: No such column.
    """
    runs = [read_manifest(folder) for folder in folders]
    found = [
        [read_scores(folder, run, label) for label in dict.fromkeys(scores)] if scores else []
        for folder, run in zip(folders, runs, strict=True)
    ]
    tables = [
        table
        for folder, run, scorings in zip(folders, runs, found, strict=True)
        for table in _tables(folder, run, scorings, several=len(runs) > 1)
    ]
    table = pd.concat(tables, ignore_index=True)
    column = _column(table, by) if by is not None else None
    named = [[scoring for scoring, _ in scorings] for scorings in found]
    wanted = {behaviour for run in runs for behaviour in run.wanted}
    wanted |= {behaviour for scorings in named for scoring in scorings for behaviour in scoring.wanted}
    lines = [
        _line(part, behaviour, subject, group, wanted=behaviour in wanted)
        for (behaviour, subject, group), part in _groups(table, column)
    ]
    deciders = [
        _about(folder, scorings or [Scoring.own(run)])
        for folder, run, scorings in zip(folders, runs, named, strict=True)
    ]
    return Comparison(runs, by, lines, deciders, named if scores else ())


def _about(folder: Path, scorings: Sequence[Scoring]) -> list[str]:
    """What must be known of the deciders, each said once."""
    sentences = [sentence for scoring in scorings for sentence in about_decider(folder, scoring)]
    return list(dict.fromkeys(sentences))


def _tables(
    folder: Path, run: Manifest, scorings: Sequence[tuple[Scoring, pd.DataFrame]], *, several: bool
) -> Iterator[pd.DataFrame]:
    """With several runs, a subject is told apart by the run it was in; with named scorings, by these."""
    which = [f"{run.name}-{run.digest}"] if several else []
    if not scorings:
        yield _labelled(read_verdicts(folder), which)
    for scoring, table in scorings:
        yield _labelled(table, [*which, scoring.label])


def _labelled(table: pd.DataFrame, labels: Sequence[str]) -> pd.DataFrame:
    return table.assign(subject=table["subject"] + f" ({', '.join(labels)})") if labels else table


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


def _groups(table: pd.DataFrame, column: str | None) -> list[tuple[tuple[str, str, str], pd.DataFrame]]:
    groups = (
        table[column].astype("string").fillna("-")
        if column
        else pd.Series("", index=table.index, dtype="string")
    )
    parts = table.groupby(["behaviour", "subject", groups.rename("group")], sort=True)
    return [((str(key[0]), str(key[1]), str(key[2])), part) for key, part in parts]  # type: ignore[index]


def _line(part: pd.DataFrame, behaviour: str, subject: str, group: str, *, wanted: bool) -> Line:
    real, twins = part[part["twin"] == NO_TWIN], part[part["twin"] != NO_TWIN]
    scored = real[real["unscored"] == ""]
    counted = int(scored["counted"].sum())
    truncated = int(((scored["ended"] == Ended.LIMIT) & ~scored["counted"]).sum())
    unscored = part[part["unscored"] != ""]
    lost = int((unscored["twin"] == NO_TWIN).sum())
    reasons = unscored["unscored"].value_counts().to_dict()
    return Line(
        behaviour=behaviour,
        subject=subject,
        group=group,
        overall=_rate(scored, "counted"),
        exposed=_rate(scored[scored["exposed"].notna()], "counted"),
        attempted=_rate(scored, "attempt_counted"),
        unscored=len(unscored),
        reasons={str(reason): int(count) for reason, count in sorted(reasons.items())},
        truncated=truncated,
        bounds=bounds(counted, len(scored), lost, truncated),
        misfires={}
        if wanted
        else {
            str(removes): _rate(twin[twin["unscored"] == ""], "counted")
            for removes, twin in twins.groupby("twin", sort=True)
        },
    )


def _rate(part: pd.DataFrame, column: str) -> Rate:
    return rate(int(part[column].sum()), len(part))


def _plain(value: Any) -> Any:
    """Plain data with the fields of named tuples named, which `asdict` leaves out."""
    if isinstance(value, Rate | Bounds):
        return value._asdict()
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}  # pyright: ignore[reportUnknownVariableType]
    return value
