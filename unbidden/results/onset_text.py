"""Onset curves as tables in the terminal, and as rows for a sheet."""

import csv
from collections.abc import Iterator, Sequence
from io import StringIO
from itertools import groupby

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from unbidden.results.onset import FEWEST, Curve, Onset, Pair
from unbidden.results.report import SCRIPTED
from unbidden.results.survival import Median, Point
from unbidden.terminal import inert, spreadsheet_safe, visible


def rendered(onset: Onset) -> RenderableType:
    """The heading, a table of curves for each behaviour, where in the work the acts come, comparisons and notes."""
    return Group(*_heading(onset), *_behaviours(onset), *_notes(onset))


def as_csv(onset: Onset) -> str:
    """A row for every turn of every curve. Names cannot act as formulas."""
    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    names = ["turn", "at_risk", "acts", "ended", "acted", "low", "high"]
    writer.writerow(["behaviour", "subject", "group", "since", *names])
    for curve in onset.curves:
        place = [spreadsheet_safe(name) for name in (curve.behaviour, curve.subject, curve.group)]
        writer.writerows(
            [*place, onset.since, *(getattr(point, name) for name in names)] for point in curve.points
        )
    return out.getvalue()


def _heading(onset: Onset) -> Iterator[Text]:
    run = onset.run
    if run.scripted():
        yield Text(SCRIPTED, style="bold yellow")
    yield Text(visible(f"{run.title} ({run.name}-{run.digest}). {run.question}".strip()))
    scenarios = ", ".join(scenario.id for scenario in run.scenarios)
    yield Text(
        visible(f"Conditional on the scenarios {scenarios}. Decider: {onset.scoring.decider}."), style="dim"
    )


def _behaviours(onset: Onset) -> Iterator[RenderableType]:
    for behaviour, found in groupby(onset.curves, key=lambda curve: curve.behaviour):
        curves = list(found)
        yield Text()
        yield _table(behaviour, curves, onset)
        yield from (Text(visible(line)) for curve in curves for line in _stages(curve))
        pairs = [pair for pair in onset.pairs if pair.behaviour == behaviour]
        yield from (Text(visible(_pair(pair))) for pair in pairs)
        for curve in curves:
            for reason, count in curve.left_out.items():
                yield Text(visible(f"left out: {_who(curve)}: {reason} ({count})"), style="yellow")


def _table(behaviour: str, curves: Sequence[Curve], onset: Onset) -> Table:
    table = Table(title=inert(behaviour), title_justify="left", title_style="bold", pad_edge=False)
    turn = "turn" if onset.since == "start" else "turns since exposure"
    for name in (turn, "at risk", "acts", "ended", "acted by then"):
        table.add_column(name, justify="right")
    table.add_column("", no_wrap=True)
    for curve in curves:
        table.add_section()
        table.add_row(f"[bold]{inert(_who(curve))}[/]", "", "", "", inert(_summary(curve)), "")
        for point, acts, ended in _shown(curve.points):
            table.add_row(
                str(point.turn), str(point.at_risk), str(acts), str(ended), _acted(point), _bar(point)
            )
    return table


MOST = 12
"""Rows of a curve in a table; JSON and CSV have every turn."""


def _shown(points: Sequence[Point]) -> Iterator[tuple[Point, int, int]]:
    """The turns with an act and the last one, thinned out, each with the acts and ends since the one before it."""
    kept = [point for point in points if point.acts]
    step = -(-len(kept) // MOST) if kept else 1
    turns = {point.turn for point in [*kept[::step], *points[-1:]]}
    acts = ended = 0
    for point in points:
        acts, ended = acts + point.acts, ended + point.ended
        if point.turn in turns:
            yield point, acts, ended
            acts = ended = 0


def _summary(curve: Curve) -> str:
    return f"{curve.acts} of {curve.samples} acted, median {_median(curve.median)}"


def _median(median: Median) -> str:
    if median.turn is None:
        return "not reached"
    return f"{median.turn} [{median.low}, {median.high if median.high is not None else 'not reached'}]"


def _acted(point: Point) -> str:
    return f"{_percent(point.acted)} \\[{_percent(point.low)}, {_percent(point.high)}]"


def _bar(point: Point) -> str:
    return "█" * round(_WIDTH * point.acted)


_WIDTH = 20


def _stages(curve: Curve) -> Iterator[str]:
    stages = curve.stages
    if stages is None or not curve.acts:
        return
    told = {
        "before it was done": stages.before,
        "in the turn that completed it": stages.with_it,
        "after it": stages.after,
        "though it was never done": stages.undone,
        "unknown": stages.unknown,
    }
    shares = ", ".join(f"{name} {count}/{curve.acts}" for name, count in told.items() if count)
    yield f"{_who(curve)}: first acts and the assigned work ({stages.work}): {shares}"


def _pair(pair: Pair) -> str:
    if pair.p is None or pair.holm is None:
        why = f"fewer than {FEWEST} acts" if pair.acts < FEWEST else "no cell tells them apart"
        return f"{pair.one} and {pair.other}: not compared, {why}"
    return f"{pair.one} and {pair.other}: log-rank p {_p(pair.p)}, by Holm {_p(pair.holm)} ({pair.acts} acts)"


def _who(curve: Curve) -> str:
    return f"{curve.subject} {curve.group}".strip()


def _notes(onset: Onset) -> Iterator[Text]:
    yield Text()
    yield Text(
        "acted by then: Kaplan-Meier, with pointwise 95 % limits (log-log); at risk: samples that came into the turn without an act; "
        "acts and ended: since the row above; median: the first turn by which at least half had acted.",
        style="dim",
    )
    if onset.since == "exposure":
        yield Text(
            "Exposed samples only, each from the turn in which the decisive fact entered its context (0).",
            style="dim",
        )
    ends: dict[str, int] = {}
    for curve in onset.curves:
        for name, count in curve.ended.items():
            ends[name] = ends.get(name, 0) + count
    if ends:
        listed = ", ".join(f"{name} {count}" for name, count in sorted(ends.items()))
        yield Text(
            visible(
                f"A sample without an act counts until its last turn, however it ended ({listed}). One that was done might never have "
                "acted: the curve says what longer runs would show only if ending and acting have nothing to do with each other."
            ),
            style="dim",
        )
    if onset.pairs:
        yield Text(
            "Log-rank: within scenario and cell, an approximation for many acts; exploratory, corrected (Holm) for all pairs printed.",
            style="dim",
        )


def _p(value: float) -> str:
    return "<0.001" if value < _LEAST else f"{value:.3f}"


_LEAST = 0.001


def _percent(value: float) -> str:
    return f"{100 * value:.0f}%"
