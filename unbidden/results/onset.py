"""When the first counted act comes: by turn, per subject and behaviour, and before or after the assigned work was done."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import combinations
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from unbidden.errors import BadInputError, suggestion
from unbidden.results.compare import column_of
from unbidden.results.explain import holm
from unbidden.results.manifest import Manifest, read_manifest
from unbidden.results.rows import read_verdicts
from unbidden.results.survival import Median, Point, kaplan_meier, log_rank, median
from unbidden.scenario.expand import NO_TWIN

Since = Literal["start", "exposure"]


@dataclass(frozen=True)
class Stages:
    """Where the first counted acts stand beside the completion of the assigned work.

    `undone` acted in a sample whose work was never completed, `unknown` in one where that has no verdict.
    """

    work: str
    before: int
    with_it: int
    after: int
    undone: int
    unknown: int


@dataclass(frozen=True)
class Curve:
    """The onset of one behaviour of one subject, in one group if the curves are grouped.

    `samples` are those on the curve, `left_out` those that are not, by reason; `ended` says how the samples without an act ended.
    """

    behaviour: str
    subject: str
    group: str
    samples: int
    acts: int
    left_out: dict[str, int]
    ended: dict[str, int]
    median: Median
    points: Sequence[Point]
    stages: Stages | None


@dataclass(frozen=True)
class Pair:
    """Two subjects, or two levels of a factor of one subject, compared: log-rank within scenario and cell, exploratory.

    `p` is `None` where there are too few acts; `holm` is corrected over all pairs of the command.
    """

    behaviour: str
    one: str
    other: str
    acts: int
    p: float | None
    holm: float | None = None


@dataclass(frozen=True)
class Onset:
    """What `unbidden onset` prints."""

    run: Manifest
    since: Since
    by: str | None
    curves: Sequence[Curve]
    pairs: Sequence[Pair]

    def as_json(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "run": {"name": self.run.name, "digest": self.run.digest, "decider": self.run.decider},
            "scripted": self.run.scripted(),
            "since": self.since,
            "by": self.by,
            "exploratory": True,
            "curves": [asdict(curve) for curve in self.curves],
            "pairs": [asdict(pair) for pair in self.pairs],
        }


FEWEST = 5
"""Acts in both arms together below which the log-rank test, an approximation, is not given."""


def onset(
    folder: Path, behaviours: Sequence[str] = (), since: Since = "start", by: str | None = None
) -> Onset:
    """The onset curves of a run. Twins are left out, and so are samples without a verdict, which are counted.

    Args:
        folder: A run folder.
        behaviours: Which behaviours; all but the wanted ones if none are named.
        since: What turns are counted from. From `exposure` only the exposed samples are on the curve, each from the turn in which the
            decisive fact entered its context (turn 0), so that those it reached late do not look slow.
        by: A factor to split every curve by.

    Raises:
        ResultsError: The folder cannot be read.
        BadInputError: No such behaviour or factor.
    """
    run, table = read_manifest(folder), read_verdicts(folder)
    column = column_of(table, by) if by is not None else None
    real = table[table["twin"] == NO_TWIN]
    real = real.assign(group=real[column].astype("string").fillna("-") if column else "")
    chosen = _chosen(real, behaviours, run.wanted)
    work = _completed(real, run.wanted)
    curves: list[Curve] = []
    pairs: list[Pair] = []
    for behaviour in chosen:
        rows = real[real["behaviour"] == behaviour]
        reasons = _left_out(rows, since)
        timed = _timed(rows[reasons == ""], since)
        for key, part in rows.groupby(["subject", "group"], sort=True):
            subject, group = (str(name) for name in key)  # type: ignore[union-attr]
            mine = timed[(timed["subject"] == subject) & (timed["group"] == group)]
            lost = reasons[part.index]
            curves.append(
                _curve(behaviour, subject, group, mine, lost, None if behaviour in run.wanted else work)
            )
        pairs += _pairs(behaviour, timed, column)
    return Onset(run, since, by, curves, _corrected(pairs))


def _chosen(table: pd.DataFrame, behaviours: Sequence[str], wanted: Sequence[str]) -> list[str]:
    known = sorted(str(name) for name in table["behaviour"].unique())
    for name in behaviours:
        if name not in known:
            raise BadInputError(f"no sample of this run was scored for '{name}'", fix=suggestion(name, known))
    return list(dict.fromkeys(behaviours)) or [name for name in known if name not in wanted] or known


def _left_out(rows: pd.DataFrame, since: Since) -> "pd.Series[str]":
    """Why a sample is not on the curve; empty if it is."""
    reasons = pd.Series("", index=rows.index, dtype=object)
    last = rows["onset"].where(rows["counted"].fillna(value=False), rows["turns"])
    reasons[last.isna()] = "no turn is known"
    if since == "exposure":
        reasons[(last < rows["exposed"]).fillna(value=False)] = "acted or ended before its exposure"
        reasons[rows["exposed"].isna()] = "never exposed"
    reasons[rows["unscored"] != ""] = "unscored"
    return reasons.astype(str)


def _timed(rows: pd.DataFrame, since: Since) -> pd.DataFrame:
    """With the turn of the act, or the last turn, as `time`, and whether it is an act as `acted`."""
    acted = rows["counted"].astype(bool)
    time = rows["onset"].where(acted, rows["turns"])
    if since == "exposure":
        time = time - rows["exposed"]
    return rows.assign(time=time.astype(int), acted=acted)


def _curve(
    behaviour: str,
    subject: str,
    group: str,
    rows: pd.DataFrame,
    lost: "pd.Series[str]",
    work: pd.DataFrame | None,
) -> Curve:
    points = kaplan_meier(rows["time"].tolist(), rows["acted"].tolist())
    return Curve(
        behaviour=behaviour,
        subject=subject,
        group=group,
        samples=len(rows),
        acts=int(rows["acted"].sum()),
        left_out=_counts(lost[lost != ""]),
        ended=_counts(rows[~rows["acted"]]["ended"].astype("string").fillna("unknown").astype(str)),
        median=median(points),
        points=points,
        stages=_stages(rows[rows["acted"]], work) if work is not None else None,
    )


def _counts(values: "pd.Series[str]") -> dict[str, int]:
    return {str(name): int(count) for name, count in sorted(values.value_counts().items())}


_SAMPLE = ["subject", "scenario", "cell", "replicate"]


def _completed(table: pd.DataFrame, wanted: Sequence[str]) -> pd.DataFrame | None:
    """For each sample the turn in which the assigned work was completed, as the first wanted behaviour tells."""
    there = [name for name in wanted if (table["behaviour"] == name).any()]
    if not there:
        return None
    rows = table[table["behaviour"] == there[0]]
    done = rows["onset"].where(rows["counted"].fillna(value=False))
    return rows[_SAMPLE].assign(work=there[0], done=done, judged=rows["unscored"] == "")


def _stages(acts: pd.DataFrame, work: pd.DataFrame) -> Stages | None:
    both = acts[[*_SAMPLE, "onset"]].merge(work, on=_SAMPLE, how="inner")
    if both.empty:
        return None
    done = both["done"].notna()
    gap = (both["onset"] - both["done"]).astype("Int64")
    return Stages(
        work=str(both["work"].iloc[0]),
        before=int((gap < 0).fillna(value=False).sum()),
        with_it=int((gap == 0).fillna(value=False).sum()),
        after=int((gap > 0).fillna(value=False).sum()),
        undone=int((both["judged"] & ~done).sum()),
        unknown=int((~both["judged"]).sum()),
    )


def _pairs(behaviour: str, timed: pd.DataFrame, column: str | None) -> Iterator[Pair]:
    """Of subjects; or, if the curves are grouped, of the groups of each subject."""
    if column is None:
        yield from _compared(behaviour, timed, "subject", "", timed["cell"].astype(str))
        return
    others = [name for name in timed.columns if name.startswith("cell.") and name != column]
    rest = timed[others].astype("string").fillna("").astype(str).agg("+".join, axis=1) if others else ""
    for subject in sorted(str(name) for name in timed["subject"].unique()):
        part = timed.assign(rest=rest)[timed["subject"] == subject]
        yield from _compared(behaviour, part, "group", f"{subject} ", part["rest"])


def _compared(
    behaviour: str, timed: pd.DataFrame, what: str, prefix: str, within: "pd.Series[str]"
) -> Iterator[Pair]:
    strata = timed["scenario"].astype(str) + "/" + within
    for one, other in combinations(sorted(str(name) for name in timed[what].unique()), 2):
        kept = timed[what].isin([one, other])
        part = timed[kept]
        acts = int(part["acted"].sum())
        p = (
            log_rank(
                part["time"].tolist(), part["acted"].tolist(), part[what].tolist(), strata[kept].tolist()
            )
            if acts >= FEWEST
            else None
        )
        yield Pair(behaviour, prefix + one, prefix + other, acts, p)


def _corrected(pairs: Sequence[Pair]) -> list[Pair]:
    corrected = iter(holm([pair.p for pair in pairs if pair.p is not None]))
    return [replace(pair, holm=next(corrected)) if pair.p is not None else pair for pair in pairs]
