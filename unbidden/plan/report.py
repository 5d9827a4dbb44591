"""A plan, for people and for programs."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from unbidden.plan.build import Figure, Line, Plan
from unbidden.plan.precision import WORST, Wanted
from unbidden.plan.scripts import RULE
from unbidden.plan.size import Range
from unbidden.spending import dollars
from unbidden.terminal import inert, visible


def rendered(plan: Plan, limit: float | None = None) -> RenderableType:
    """The plan as two tables with what must be known to read them.

    Args:
        plan: The plan.
        limit: A budget in dollars to hold it against.
    """
    return Group(*_heading(plan), _precision(plan), *_reading(plan), _calls(plan.lines), *_money(plan, limit))


def as_json(plan: Plan, limit: float | None = None) -> dict[str, Any]:
    """Plain data. Costs are dollars, `null` where a price is unknown."""
    return {
        "name": plan.name,
        "wanted": asdict(plan.wanted),
        "replicates": plan.replicates,
        "cells": plan.cells,
        "twins": plan.twins,
        "samples_per_model": plan.samples,
        "pooled": [asdict(figure) for figure in plan.pooled],
        "alone": [asdict(figure) for figure in plan.alone],
        "calls": [_line(line) for line in plan.lines],
        "cost": _ends(plan.cost),
        "max_cost": limit,
        "notes": list(_notes(plan)),
    }


def _line(line: Line) -> dict[str, Any]:
    return {
        "model": line.model,
        "as": line.part,
        "samples": line.samples,
        "low": line.use.low._asdict(),
        "high": line.use.high._asdict(),
        "cost": _ends(line.cost),
        "basis": line.basis,
    }


def _ends(cost: tuple[float, float] | None) -> dict[str, float] | None:
    return None if cost is None else {"low": cost[0], "high": cost[1]}


def _heading(plan: Plan) -> Iterator[Text]:
    yield Text(visible(f"Plan for {plan.title} ({plan.name}). No model has been called."), style="bold")
    yield Text(
        f"{plan.replicates} replicates of {plan.cells} cells and {plan.twins} twins: {plan.samples:,} samples a model. "
        f"{_wanted(plan.wanted)}"
    )


def _wanted(wanted: Wanted) -> str:
    parts = [
        f"an interval no wider than {wanted.width:g}" if wanted.width is not None else "",
        f"a difference of {wanted.difference:g} found with probability {wanted.power:g}"
        if wanted.difference is not None
        else "",
    ]
    given = [part for part in parts if part]
    return f"Wanted: {' and '.join(given)}." if given else "Nothing else was wanted (--width, --detect)."


def _precision(plan: Plan) -> Table:
    table = Table(box=SIMPLE_HEAD, header_style="bold", pad_edge=False)
    table.add_column("rate of")
    for name in ("cells", "samples", "interval there", "difference found", "replicates needed"):
        table.add_column(name, justify="right", no_wrap=True)
    for figures in (plan.pooled, plan.alone):
        for figure in figures:
            table.add_row(*_figure(figure))
        table.add_section()
    return table


def _figure(figure: Figure) -> list[str]:
    return [
        inert(figure.name),
        str(figure.cells),
        f"{figure.samples:,}",
        f"{figure.low:.2f} to {figure.high:.2f}",
        f"{figure.detects:.2f}" if figure.detects is not None else "none",
        f"{figure.needs:,}" if figure.needs is not None else "-",
    ]


def _reading(plan: Plan) -> Iterator[Text]:
    rate = plan.wanted.rate
    assumed = (
        f"at a rate of {rate:g}" if rate is not None else f"at {WORST:g}, where it is widest (give --rate)"
    )
    yield Text(
        f"Behaviours are pooled over the cells that afford them; below them, a behaviour in one scenario alone. The 95 % Wilson interval is "
        f"taken {assumed}; the difference between two models is found with probability {plan.wanted.power:g}, by two-sided tests at the "
        f"5 % level that leave the shared replicates out of account; comparing many takes more. Twins are in samples a model, "
        f"not in these rates.",
        style="dim",
    )


def _calls(lines: Sequence[Line]) -> Table:
    table = Table(box=SIMPLE_HEAD, header_style="bold", pad_edge=False)
    table.add_column("model", overflow="fold")
    table.add_column("as", no_wrap=True)
    for name in ("samples", "calls", "tokens in", "tokens out", "cost"):
        table.add_column(name, justify="right", no_wrap=True)
    for line in lines:
        table.add_row(
            inert(line.model), line.part, f"{line.samples:,}", *_amounts(line.use), _cost(line.cost)
        )
    return table


def _amounts(use: Range) -> list[str]:
    pairs = [
        (use.low.calls, use.high.calls),
        (use.low.input, use.high.input),
        (use.low.output, use.high.output),
    ]
    return [f"{_short(low)} to {_short(high)}" for low, high in pairs]


def _short(figure: float) -> str:
    """Three digits that count."""
    for limit, letter in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if figure >= limit:
            return f"{figure / (1e3 if letter == 'k' else limit):.3g}{letter}"
    return f"{figure:,.0f}"


def _cost(cost: tuple[float, float] | None) -> str:
    return dollars(None) if cost is None else f"{dollars(cost[0])} to {dollars(cost[1])}"


def _money(plan: Plan, limit: float | None) -> Iterator[Text]:
    if len(plan.lines) > 1:
        yield Text(f"Together: {_together(plan)}.")
    if limit is not None:
        yield Text(_against(plan.cost, limit), style="yellow")
    for note in _notes(plan):
        yield Text(visible(note), style="dim")


def _together(plan: Plan) -> str:
    if plan.cost is not None:
        return _cost(plan.cost)
    known = [line.cost for line in plan.lines if line.cost is not None]
    some = _cost((sum(low for low, _ in known), sum(high for _, high in known)))
    return f"{some} for what has a price, and the rest unknown" if known else "unknown"


def _against(cost: tuple[float, float] | None, limit: float) -> str:
    if cost is None:
        return f"Whether a budget of {dollars(limit)} suffices is unknown, and a run would refuse it."
    if cost[1] <= limit:
        return f"Within the budget of {dollars(limit)}."
    beyond = "beyond" if cost[0] > limit else "may go beyond"
    return f"This is {beyond} the budget of {dollars(limit)}: samples beyond it would not be started."


def _notes(plan: Plan) -> Iterator[str]:
    yield from plan.notes
    bases = sorted({line.basis for line in plan.lines})
    if any("measured" in basis for basis in bases):
        by = "; ".join(f"{line.model} as {line.part}: {line.basis}" for line in plan.lines)
        yield f"{by[0].upper()}{by[1:]}. From what is measured: the 95 % prediction interval of the sum."
    if any("estimated" in basis for basis in bases):
        yield RULE
    yield "A judge is asked once a question here; a reply that cannot be used is asked for again. Prices are without discounts for batches."
