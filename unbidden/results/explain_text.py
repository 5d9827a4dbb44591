"""An explanation as tables in the terminal."""

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from unbidden.results.contrasts import ENOUGH, Estimate, Mean
from unbidden.results.effects import Effect, Fixed, Ranked
from unbidden.results.explain import Explanation, Part, could_vary
from unbidden.results.report import SCRIPTED
from unbidden.terminal import inert, visible


def rendered(explanation: Explanation) -> RenderableType:
    """The heading, a table and the sentences of each part, and how to read them."""
    return Group(
        *_heading(explanation),
        *(piece for part in explanation.parts if part.effects for piece in _part(part)),
        *_notes(explanation),
    )


def _heading(explanation: Explanation) -> Iterator[Text]:
    run = explanation.run
    if run.scripted():
        yield Text(SCRIPTED, style="bold yellow")
    yield Text(visible(f"{run.title} ({run.name}-{run.digest}). {run.question}".strip()))
    scenarios = ", ".join(scenario.id for scenario in run.scenarios)
    yield Text(visible(f"Conditional on the scenarios {scenarios}. Decider: {run.decider}."), style="dim")
    if not explanation.levels:
        yield Text(
            visible(f"Every factor ran at one level. {could_vary(explanation.unvaried)}."), style="yellow"
        )
    elif len(explanation.levels) == 1:
        yield Text(
            visible(f"One factor was varied: no interactions. {could_vary(explanation.unvaried)}."),
            style="dim",
        )


def _part(part: Part) -> Iterator[RenderableType]:
    who = part.subject if part.subject is not None else "all subjects pooled (each a stratum)"
    table = Table(
        title=inert(f"{part.behaviour}: {who}"), title_justify="left", title_style="bold", pad_edge=False
    )
    table.add_column("effect", overflow="fold")
    for name in ("difference", "p (Holm)", "samples", "from"):
        table.add_column(name, justify="right", no_wrap=True)
    for effect in part.effects:
        table.add_row(*_row(effect))
    yield Text()
    yield table
    if part.unscored:
        yield Text(
            f"{part.unscored} of {part.unscored + part.scored} samples are unscored and left out; in brackets what they could "
            "make of the differences between the cells.",
            style="yellow",
        )
    for line in _what_if(part):
        yield Text(visible(line))


def _row(effect: Effect) -> list[str]:
    told = effect.estimate
    bounded = (
        f" ({_points(effect.bounds[0])}..{_points(effect.bounds[1])})" if effect.bounds is not None else ""
    )
    return [
        inert(_name(effect)),
        ("too few samples to say" if told is None else _interval(told).replace("[", "\\[")) + bounded,
        "-" if effect.holm is None else _p(effect.holm),
        str(effect.scored),
        "-" if told is None else told.model,
    ]


def _name(effect: Effect) -> str:
    if effect.kind == "twin":
        return f"cells, minus their twins without {effect.baselines[0]}"
    pairs = [
        f"{factor}: {level} - {baseline}"
        for factor, level, baseline in zip(effect.factors, effect.levels, effect.baselines, strict=True)
    ]
    return " x ".join(pairs)


def _what_if(part: Part) -> Iterator[str]:
    if not part.ranking:
        return
    if not part.steps:
        yield f"No factor made a difference{_missed(part.ranking)}."
        return
    yield f"Strongest: {_ranked(part.ranking[0])}"
    for step in part.steps:
        yield from _step(step)


def _step(step: Fixed) -> Iterator[str]:
    if step.before is None or step.after is None or step.change is None:
        yield f"If {step.factor} were fixed at {step.level}: too few samples to say."
        return
    yield (
        f"If {step.factor} were fixed at {step.level}: {_percent(step.before.value)} would become {_percent(step.after.value)} "
        f"[{_percent(step.after.low)}, {_percent(step.after.high)}], a change of {_interval(step.change)}."
    )
    if not step.remaining:
        yield "  No other factor was varied."
    elif not step.remaining[0].moves:
        yield f"  There, with {step.scored} samples, no other factor made a difference{_missed(step.remaining)}."
    else:
        yield f"  There, with {step.scored} samples, next: {_ranked(step.remaining[0])}"
        yield from (f"    then {_ranked(ranked)}" for ranked in step.remaining[1:])


def _missed(ranking: Sequence[Ranked]) -> str:
    """How large a difference could have been missed, where none was seen."""
    told = [max(-one.estimate.low, one.estimate.high) for one in ranking if one.estimate is not None]
    if len(told) < len(ranking) or any(one.says == "too few" for one in ranking):
        return ", but there are too few samples to say"
    return f"; one of up to {round(100 * max(told))} points could have been missed"


def _ranked(ranked: Ranked) -> str:
    if ranked.estimate is None:
        return f"{ranked.factor}: too few samples to say."
    told = f"{ranked.factor} ({ranked.worst} - {ranked.best}) {_interval(ranked.estimate)}"
    says = {
        "cause": ".",
        "not told apart": "; not told apart from no effect.",
        "too few": f"; too few samples to say ({ranked.least} on a side).",
    }
    return told + says[ranked.says]


def _notes(explanation: Explanation) -> Iterator[Text]:
    yield Text()
    yield Text(
        "difference: in percentage points, the mean over the cells of everything else (standardised), with its 95 % interval; "
        "a x b: how much the difference of a differs between the levels of b. Twins are in no effect but their own.",
        style="dim",
    )
    models = _models(explanation.parts)
    if "cells" in models:
        yield Text(
            f"cells: from the cells' own rates, each with {ENOUGH} scored samples or more; interval of Price and Bonett (2004).",
            style="dim",
        )
    if "Firth" in models:
        yield Text(
            f"Firth: some cell has fewer than {ENOUGH}; from a penalised logistic model (Firth 1993) of the main effects and the "
            "interaction in question; interval by the delta method. It draws small samples towards no effect.",
            style="dim",
        )
    if any(part.steps for part in explanation.parts):
        yield Text(
            "If fixed: the mean of the cells' own rates, each cell with the factor at that level; Wilson's interval. What is next there "
            "is estimated anew from the samples at that level.",
            style="dim",
        )
    yield Text(
        "Exploratory: p is corrected (Holm) for all effects printed here; the ranking, and what is left once a factor is fixed, are "
        "not, and were chosen by looking.",
        style="dim",
    )


def _models(parts: Sequence[Part]) -> set[str]:
    return {effect.estimate.model for part in parts for effect in part.effects if effect.estimate is not None}


def _interval(told: Estimate | Mean) -> str:
    return f"{_points(told.value)} [{_points(told.low)}, {_points(told.high)}]"


def _points(value: float) -> str:
    return f"{round(100 * value):+d}" if round(100 * value) else "0"


def _percent(value: float) -> str:
    return f"{100 * value:.0f}%"


def _p(value: float) -> str:
    return "<0.001" if value < 0.001 else f"{value:.3f}"  # noqa: PLR2004
