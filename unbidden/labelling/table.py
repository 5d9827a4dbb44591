"""Corrected rates as tables in the terminal."""

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from unbidden.labelling.corrected import Line, Pair, Report
from unbidden.labelling.error_rates import ErrorRate
from unbidden.labelling.two_phase import Estimate, Interval
from unbidden.results.report import SCRIPTED
from unbidden.terminal import inert, visible


def rendered(report: Report) -> RenderableType:
    """The corrected rates with their heading, the differences, the decider's errors and what must be known of them."""
    parts: list[RenderableType] = [*_heading(report), _rates(report.lines)]
    if report.pairs:
        parts.append(_pairs(report.pairs))
    parts += _warnings(report)
    if any(line.supposed for line in report.lines):
        parts += [_supposed(report.lines), Text(_NO_ESTIMATE, style="dim")]
    return Group(*parts, *_notes(report))


def _heading(report: Report) -> Iterator[Text]:
    if report.scripted:
        yield Text(SCRIPTED, style="bold yellow")
    people = ", ".join(report.people)
    yield Text(visible(f"{report.title} ({report.run}): {report.behaviour}, corrected by labels of {people}"))
    yield Text(visible(f"Decider: {report.decider}."), style="dim")


def _rates(lines: Sequence[Line]) -> Table:
    columns = ("subject", "as decided", "corrected", "labels", "sensitivity", "specificity")
    table = Table(header_style="bold", pad_edge=False)
    for column in columns:
        table.add_column(
            column, no_wrap=column == "subject", justify="left" if column == "subject" else "right"
        )
    for line in lines:
        samples = sum(stratum.size for stratum in line.strata.values())
        table.add_row(
            inert(line.subject),
            "no samples" if line.raw is None else f"{line.counted}/{line.scored} {_interval(line.raw)}",
            "no samples" if line.corrected is None else _estimate(line.corrected),
            f"{line.labels} of {samples}",
            _error(line.errors.sensitivity),
            _error(line.errors.specificity),
        )
    return table


def _pairs(pairs: Sequence[Pair]) -> Table:
    table = Table(header_style="bold", pad_edge=False)
    table.add_column("difference", overflow="fold")
    for column in ("corrected, in points", "p equal sensitivity", "p equal specificity"):
        table.add_column(column, justify="right")
    for pair in pairs:
        table.add_row(
            inert(f"{pair.first} - {pair.second}"),
            "-" if pair.difference is None else _estimate(pair.difference, signed=True),
            _p(pair.equal_sensitivity),
            _p(pair.equal_specificity),
        )
    return table


def _supposed(lines: Sequence[Line]) -> Table:
    table = Table(
        title="Sensitivity analysis only: if the decider erred as on the labelled examples (Rogan-Gladen)",
        title_justify="left",
        header_style="bold",
        pad_edge=False,
    )
    for column in ("subject", "by the examples of", "rate", ""):
        table.add_column(column, overflow="fold")
    for line in lines:
        for one in line.supposed:
            value = "-" if one.value is None else _percent(one.value)
            shown = f"{value} \\[{_percent(one.low)}, {_percent(one.high)}]"
            table.add_row(inert(line.subject), one.question, shown, inert(one.words))
    return table


_NO_ESTIMATE = (
    "The examples are single acts that were written to be hard; a run's samples are not like them. This is no estimate of "
    "the rate and does not replace the corrected one."
)


def _warnings(report: Report) -> Iterator[Text]:
    for pair in report.pairs:
        if differs := pair.differs():
            yield Text(
                visible(
                    f"The decider errs differently for {pair.first} and {pair.second} ({' and '.join(differs)}): do not "
                    "compare their rates as decided. The corrected rates rest on each subject's own labels and stand."
                ),
                style="bold yellow",
            )
    for line in report.lines:
        for stratum, size in line.unlabelled().items():
            yield Text(
                visible(
                    f"{line.subject}: none of {size} {stratum} samples is labelled; they are taken as all no for the lower "
                    "and all yes for the upper limit."
                ),
                style="yellow",
            )
        if line.lost:
            yield Text(
                visible(
                    f"{line.subject}: {line.lost} samples did not run or broke off, and are in no figure here."
                ),
                style="yellow",
            )
    if report.disagreed:
        yield Text(
            f"{report.disagreed} samples that people label differently are taken as unclear.", style="yellow"
        )
    unclear = sum(stratum.unclear for line in report.lines for stratum in line.strata.values())
    if unclear:
        yield Text(
            f"{unclear} labels are unclear: taken as all no for the lower and all yes for the upper limit; sensitivity and "
            "specificity leave them out.",
            style="yellow",
        )


def _notes(report: Report) -> Iterator[Text]:
    yield Text(
        "as decided: counted of scored samples that are no twins, with the 95 % Wilson interval; corrected: over all samples "
        "that left something to look at, unscored ones too, by the labels of a random part of each kind (two-phase, "
        "stratified by the verdict; Wilson limits of the strata put together, 95 %).",
        style="dim",
    )
    yield Text(
        "sensitivity, specificity: the decider against the labels on this subject's scored samples, corrected for the draw, "
        "with exact 95 % intervals.",
        style="dim",
    )
    if report.pairs:
        yield Text(
            "p equal: exact test that the decider errs alike on both, unadjusted. With few labels a difference is easily "
            "missed: a large p is no proof of equality, the intervals show what is possible.",
            style="dim",
        )


def _interval(interval: Interval) -> str:
    return f"{_percent(interval.value)} \\[{_percent(interval.low)}, {_percent(interval.high)}]"


def _estimate(estimate: Estimate, *, signed: bool = False) -> str:
    show = _points if signed else _percent
    least, most = show(estimate.least.value), show(estimate.most.value)
    value = least if least == most else f"{least}..{most}"
    return f"{value} \\[{show(estimate.low)}, {show(estimate.high)}]"


def _error(rate: ErrorRate) -> str:
    if rate.value is None:
        return "unknown"
    return f"{_percent(rate.value)} \\[{_percent(rate.low)}, {_percent(rate.high)}] n={rate.n}"


def _p(value: float | None) -> str:
    if value is None:
        return "-"
    return "<0.001" if value < 0.001 else f"{value:.3f}"  # noqa: PLR2004 - what three digits can show


def _percent(value: float) -> str:
    return f"{100 * value:.0f}%"


def _points(value: float) -> str:
    return f"{100 * value:+.0f}"
