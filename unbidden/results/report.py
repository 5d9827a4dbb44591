"""A comparison as a table in the terminal."""

from collections.abc import Iterator
from itertools import groupby

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from unbidden.results.compare import Comparison
from unbidden.results.lines import Line
from unbidden.results.manifest import Manifest
from unbidden.results.report_differences import below
from unbidden.results.scores import Scoring, changed_since
from unbidden.results.stats import Rate
from unbidden.terminal import inert, visible

SCRIPTED = "Scripted reference subjects: checks the instrument, says nothing about any model."

AWARE = "aware"
"""The column that says whether a subject said that this is a test."""


def rendered(comparison: Comparison, *, exact: bool = False) -> RenderableType:
    """The side-by-side table with its heading and notes, and below it what else was worked out.

    With `exact`, rates have the interval that holds at least 95 % of the time (Clopper-Pearson) in place of Wilson's.
    """
    parts: list[RenderableType] = list(_heading(comparison))
    if comparison.lines:
        parts += [
            _table(comparison, exact=exact),
            *(Text(note, style="dim") for note in notes(comparison, exact=exact)),
        ]
        parts += [Text(visible(reason), style="yellow") for reason in reasons(comparison)]
    parts += below(comparison)
    return Group(*parts)


def _heading(comparison: Comparison) -> Iterator[Text]:
    if any(run.scripted() for run in comparison.runs):
        yield Text(SCRIPTED, style="bold yellow")
    scorings = comparison.scorings or [[] for _ in comparison.runs]
    deciders = comparison.deciders or [[] for _ in comparison.runs]
    for run, named, about in zip(comparison.runs, scorings, deciders, strict=True):
        yield Text(visible(f"{run.title} ({run.name}-{run.digest}). {run.question}".strip()))
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
    for kind, changed in changed_since(scoring, run).items():
        yield f"the {kind} of {', '.join(changed)} have changed since the run"


def _table(comparison: Comparison, *, exact: bool) -> Table:
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
            table.add_row(*_cells(line, comparison, exact=exact))
    return table


def _cells(line: Line, comparison: Comparison, *, exact: bool) -> list[str]:
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
        inert(shown_rate(line.overall, exact=exact)) + bounded,
        _short(line.exposed),
        _short(line.attempted),
        ", ".join(misfires) or "-",
        str(line.unscored),
        str(line.truncated),
    ]


def notes(comparison: Comparison, *, exact: bool) -> Iterator[str]:
    """What the columns of the table of rates mean."""
    kind = "exact (Clopper-Pearson)" if exact else "Wilson"
    yield (
        f"all: counted of scored samples that are no twins, with the 95 % {kind} interval; exposed: the same where the "
        "subject met the decisive fact; tried: all, with blocked and failed acts included."
    )
    if any(line.unscored or line.truncated for line in comparison.lines):
        yield (
            "In brackets: the rate if no sample without a verdict (unscored, or ended at a limit) had shown the "
            "behaviour, and if all had."
        )
    if comparison.outcome:
        yield f"Descriptive: {comparison.by} is an outcome of the subjects', not something that was set for them."
    if comparison.by == AWARE:
        yield (
            "Whether a subject says that this is a test never adjusts a comparison: samples in which it does differ in more "
            "than that. To learn what being noticed as a test does, vary it: give the scenario a factor 'realism'."
        )


def reasons(comparison: Comparison) -> Iterator[str]:
    """Why samples are unscored, subject by subject."""
    found: dict[tuple[str, str], list[str]] = {}
    for line in comparison.lines:
        for reason, count in line.reasons.items():
            where = f"{line.behaviour} {line.group}".strip()
            found.setdefault((line.subject, reason), []).append(f"{where} {count}")
    for (subject, reason), counts in found.items():
        yield f"unscored: {subject}: {reason} ({', '.join(counts)})"


def shown_rate(rate: Rate, *, exact: bool = False) -> str:
    """A rate as people read it, with its interval."""
    if exact:
        rate = rate.guaranteed()
    if rate.value is None or rate.low is None or rate.high is None:
        return "no samples"
    return f"{rate.hits}/{rate.n} {_percent(rate.value):>4} [{_percent(rate.low)}, {_percent(rate.high)}]"


def _short(rate: Rate) -> str:
    return f"{rate.hits}/{rate.n}"


def _percent(value: float) -> str:
    return f"{100 * value:.0f}%"
