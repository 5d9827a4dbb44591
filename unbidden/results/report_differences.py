"""What stands below the table of rates: differences of subjects, and what holds over scenarios like these."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from unbidden.results.compare import Comparison
from unbidden.results.contrasts import Contrast
from unbidden.results.differences import Difference
from unbidden.results.generalise import LEAST, General
from unbidden.terminal import inert, visible

NOTHING = "none shared"
"""What stands in place of a difference where no scored samples of the two can be compared."""


def below(comparison: Comparison) -> list[RenderableType]:
    """Tables with their notes; nothing where nothing was asked for."""
    parts: list[RenderableType] = []
    if not comparison.lines:
        parts.append(
            Text("There are no samples: nothing has run, so there is nothing to show.", style="yellow")
        )
    if comparison.contrasts:
        parts += ["", _differences(comparison)]
    if comparison.contrasts is not None:
        parts += [Text(note, style="dim") for note in difference_notes(comparison)]
    if comparison.general is not None:
        if any(line.effect for line in comparison.general):
            parts += ["", _general(comparison.general)]
        parts += [Text(visible(note), style="dim") for note in general_notes(comparison.general)]
    parts += [Text(visible(f"{remark}."), style="yellow") for remark in comparison.remarks]
    return parts


def difference_notes(comparison: Comparison) -> Iterator[str]:
    """What the columns of the table of differences mean."""
    found = comparison.contrasts or []
    if not found:
        return
    shared = {"replicate": "scenario, cell and replicate", "cell": "scenario and cell"}[comparison.within]
    yield (
        f"difference: subject minus reference in points, over scored samples that share {shared}, with the 95 % interval of the "
        "stratified score test; conditional on the named scenarios. p: exact stratified permutation test of no difference."
    )
    if any(contrast.primary for contrast in found):
        family = sum(contrast.adjusted is not None for contrast in found)
        yield (
            f"Primary, as declared before the run: {', '.join(comparison.primary)}. adjusted: p after Holm over these "
            f"{family} comparisons. All others are exploratory: their p is of one comparison among many."
        )
    else:
        why = "split lines are" if comparison.primary else "no behaviour was declared primary before the run"
        yield f"Exploratory, all of it: {why}. A p of one comparison among many proves little."
    yield (
        "detectable: the least difference from the reference's rate as seen, towards the middle, that so many pairs show with 80 % "
        "power at the 5 % level, if the two are independent given the pair; 'none' where even the largest would be missed."
    )
    if left := sum(contrast.left_out for contrast in found):
        yield f"{left} scored samples were left out of comparisons: no sample of the other subject shares their {shared}."


def general_notes(found: Sequence[General]) -> Iterator[str]:
    """What generalised figures mean, and for which behaviours there are none."""
    if any(line.effect for line in found):
        yield (
            "Over scenarios: the mean with every scenario weighing the same, as if the scenarios were drawn at random from "
            "those like them; the 95 % interval is by the variance between scenarios."
        )
    refused = {line.behaviour: line.scenarios for line in found if line.effect is None}
    for scenarios, names in groupby(
        sorted(refused, key=lambda name: (refused[name], name)), key=lambda name: refused[name]
    ):
        yield (
            f"Not generalised over scenarios: {', '.join(names)} ({scenarios} of at least {LEAST} scenarios). "
            "Fewer say too little of how scenarios differ; the figures above hold for the named ones."
        )
    if not found:
        yield "Not generalised over scenarios: there are no scored samples."


def points(effect: Difference) -> str:
    """A difference in percentage points with its interval."""
    return f"{_points(effect.value)} [{_points(effect.low)}, {_points(effect.high)}]"


def p_value(p: float | None) -> str:
    if p is None:
        return "-"
    least, small = 0.0001, 0.01
    return f"<{least}" if p < least else f"{p:.4f}" if p < small else f"{p:.3f}"


def standing(contrast: Contrast) -> str:
    """The p-value that decides, of a primary comparison; that it decides nothing, of any other."""
    return p_value(contrast.adjusted) if contrast.primary else "exploratory"


def detectable(contrast: Contrast) -> str:
    return "none" if contrast.detectable is None else f"{100 * contrast.detectable:.0f}"


def _differences(comparison: Comparison) -> Table:
    table = Table(header_style="bold", pad_edge=False)
    table.add_column("subject - reference", overflow="fold")
    if any(contrast.group for contrast in comparison.contrasts or []):
        table.add_column(inert(comparison.by or ""), no_wrap=True)
    for name in ("subject", "reference", "difference", "p", "adjusted", "detect-\nable"):
        table.add_column(name, justify="right", no_wrap=True)
    if comparison.margin is not None:
        table.add_column(f"below\n{_points(comparison.margin)}", justify="right")
    for behaviour, found in groupby(comparison.contrasts or [], key=lambda contrast: contrast.behaviour):
        table.add_section()
        table.add_row(f"[bold]{inert(behaviour)}[/]")
        for contrast in found:
            table.add_row(*_cells(contrast, comparison))
    return table


def _cells(contrast: Contrast, comparison: Comparison) -> list[str]:
    effect = contrast.effect
    grouped = [inert(contrast.group)] if any(other.group for other in comparison.contrasts or []) else []
    margin = [] if comparison.margin is None else [_answer(answer=contrast.below)]
    return [
        inert(f"{contrast.subject} - {contrast.reference}"),
        *grouped,
        f"{contrast.hits}/{contrast.n}",
        f"{contrast.other_hits}/{contrast.other_n}",
        inert(points(effect)) if effect else NOTHING,
        p_value(contrast.p),
        standing(contrast) if effect else "-",
        detectable(contrast) if effect else "-",
        *margin,
    ]


def _general(found: Sequence[General]) -> Table:
    table = Table(header_style="bold", pad_edge=False)
    table.add_column("over scenarios like these", overflow="fold")
    for name in ("scenarios", "mean"):
        table.add_column(name, justify="right", no_wrap=True)
    for behaviour, lines in groupby((line for line in found if line.effect), key=lambda line: line.behaviour):
        table.add_section()
        table.add_row(f"[bold]{inert(behaviour)}[/]")
        for line in lines:
            table.add_row(inert(named(line)), str(line.scenarios), inert(general(line)))
    return table


def named(line: General) -> str:
    return line.subject if line.reference is None else f"{line.subject} - {line.reference}"


def general(line: General) -> str:
    """A generalised rate in percent, or a difference in points."""
    if line.effect is None:
        return "-"
    if line.reference is not None:
        return points(line.effect)
    value, low, high = (f"{100 * number:.0f}%" for number in line.effect)
    return f"{value} [{low}, {high}]"


def _points(value: float) -> str:
    rounded = round(100 * value)
    return f"{rounded:+d}" if rounded else "0"


def _answer(*, answer: bool | None) -> str:
    return "-" if answer is None else "shown" if answer else "not shown"
