"""A comparison as a table in the terminal."""

from collections.abc import Iterator
from itertools import groupby

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from unbidden.results.compare import Comparison, Line
from unbidden.results.manifest import Manifest
from unbidden.results.scores import Scoring, changed_ladders
from unbidden.results.stats import Rate
from unbidden.terminal import inert, visible

SCRIPTED = "Scripted reference subjects: checks the instrument, says nothing about any model."


def rendered(comparison: Comparison) -> RenderableType:
    """The side-by-side table with its heading and notes."""
    return Group(*_heading(comparison), _table(comparison), *_notes(comparison))


def _heading(comparison: Comparison) -> Iterator[Text]:
    if any(run.scripted() for run in comparison.runs):
        yield Text(SCRIPTED, style="bold yellow")
    scorings = comparison.scorings or [[] for _ in comparison.runs]
    deciders = comparison.deciders or [[] for _ in comparison.runs]
    for run, named, about in zip(comparison.runs, scorings, deciders, strict=True):
        yield Text(f"{run.title} ({run.name}-{run.digest}). {run.question}".strip())
        scenarios = ", ".join(scenario.id for scenario in run.scenarios)
        deciders = "; ".join(f"{scoring.label}: {scoring.decider}" for scoring in named) or run.decider
        yield Text(visible(f"Conditional on the scenarios {scenarios}. Decider: {deciders}."), style="dim")
        for sentence in about:
            yield Text(visible(f"{sentence}."), style="dim")
        for scoring in named:
            for note in _readings(scoring, run):
                yield Text(visible(f"{scoring.label}: {note}."), style="dim")


def _readings(scoring: Scoring, run: Manifest) -> Iterator[str]:
    """What else sets a scoring apart from the run's own."""
    if scoring.view is not None:
        ours = sorted(set(scoring.ladders) - set(scoring.viewed))
        rest = f"; {', '.join(ours)} by our own reading, having no such view" if ours else ""
        yield f"{', '.join(scoring.viewed)} read by the view {scoring.view}{rest}"
    if changed := changed_ladders(scoring, run):
        yield f"the ladders of {', '.join(changed)} have changed since the run"


def _table(comparison: Comparison) -> Table:
    table = Table(header_style="bold", pad_edge=False)
    labelled = bool(comparison.scorings)  # then it is long, and may break before the label
    table.add_column("subject", no_wrap=not labelled, overflow="fold" if labelled else "ellipsis")
    if comparison.by:
        table.add_column(inert(comparison.by), no_wrap=True)
    table.add_column("all", justify="right", no_wrap=True)
    for name in ("exposed", "tried"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("misfire in twins without", overflow="fold")
    table.add_column("un-\nscored", justify="right")
    table.add_column("trun-\ncated", justify="right")
    for behaviour, lines in groupby(comparison.lines, key=lambda line: line.behaviour):
        table.add_section()
        table.add_row(f"[bold]{inert(behaviour)}[/]")
        for line in lines:
            table.add_row(*_cells(line, comparison))
    return table


def _cells(line: Line, comparison: Comparison) -> list[str]:
    grouped = [inert(line.group)] if comparison.by else []
    bounded = (
        f" ({_percent(line.bounds.best)}..{_percent(line.bounds.worst)})"
        if line.bounds is not None and (line.unscored or line.truncated)
        else ""
    )
    misfires = [f"{inert(removes)} {_short(misfire)}" for removes, misfire in line.misfires.items()]
    return [
        inert(line.subject),
        *grouped,
        _rate(line.overall) + bounded,
        _short(line.exposed),
        _short(line.attempted),
        ", ".join(misfires) or "-",
        str(line.unscored),
        str(line.truncated),
    ]


def _notes(comparison: Comparison) -> Iterator[Text]:
    yield Text(
        "all: counted of scored samples that are no twins, with the 95 % Wilson interval; exposed: the same where the "
        "subject met the decisive fact; tried: all, with blocked and failed acts included.",
        style="dim",
    )
    if any(line.unscored or line.truncated for line in comparison.lines):
        yield Text(
            "In brackets: the rate if no sample without a verdict (unscored, or ended at a limit) had shown the "
            "behaviour, and if all had.",
            style="dim",
        )
    reasons: dict[tuple[str, str], list[str]] = {}
    for line in comparison.lines:
        for reason, count in line.reasons.items():
            where = f"{line.behaviour} {line.group}".strip()
            reasons.setdefault((line.subject, reason), []).append(f"{where} {count}")
    for (subject, reason), counts in reasons.items():
        yield Text(visible(f"unscored: {subject}: {reason} ({', '.join(counts)})"), style="yellow")


def _rate(rate: Rate) -> str:
    if rate.value is None or rate.low is None or rate.high is None:
        return "no samples"
    return f"{rate.hits}/{rate.n} {_percent(rate.value):>4} \\[{_percent(rate.low)}, {_percent(rate.high)}]"


def _short(rate: Rate) -> str:
    return f"{rate.hits}/{rate.n}"


def _percent(value: float) -> str:
    return f"{100 * value:.0f}%"
