"""Baselines in words and tables: what they hold, and how two of them differ."""

from collections.abc import Iterator, Sequence
from typing import Any

from rich.table import Table

from unbidden.gate.baseline import CellRate, Saved
from unbidden.results.stats import rate
from unbidden.scenario.expand import NO_TWIN
from unbidden.terminal import inert

Group = tuple[str, str, str]
"""Subject, behaviour, and what the twin removes."""


def described(saved: Saved) -> Iterator[str]:
    """What a baseline depends on, a line each."""
    yield f"Baseline {saved.name}, of the run {saved.run}"
    for what, value in _settings(saved).items():
        yield f"{what}: {value}"


def differences(one: Saved, other: Saved) -> list[str]:
    """What two baselines depend on and is not the same, a line each; the rates are not compared."""
    first, second = _settings(one), _settings(other)
    return [
        f"{what}: {first.get(what, 'none')} in {one.name}, {second.get(what, 'none')} in {other.name}"
        for what in dict.fromkeys([*first, *second])
        if first.get(what) != second.get(what)
    ]


def rate_table(baselines: Sequence[Saved]) -> Table:
    """The rates of each subject and behaviour, over all its cells; twins apart."""
    table = Table()
    for name in ("subject", "behaviour", "twin"):
        table.add_column(name)
    for saved in baselines:
        table.add_column(inert(saved.name))
    groups = dict.fromkeys(group for saved in baselines for group in _groups(saved))
    for group in sorted(groups):
        found = [_groups(saved).get(group) for saved in baselines]
        table.add_row(*(inert(name) for name in group), *(_cell(rates) for rates in found))
    return table


def single(saved: Saved) -> bool:
    """Whether no cell was played more than once."""
    return all(one.n + one.unscored <= 1 for rates in saved.rates.values() for one in rates)


def _groups(saved: Saved) -> dict[Group, list[CellRate]]:
    groups: dict[Group, list[CellRate]] = {}
    for subject, rates in saved.rates.items():
        for one in rates:
            twin = "-" if one.twin == NO_TWIN else one.twin
            groups.setdefault((subject, one.behaviour, twin), []).append(one)
    return groups


def _cell(rates: Sequence[CellRate] | None) -> str:
    if rates is None:
        return "not played"
    hits, n = sum(one.hits for one in rates), sum(one.n for one in rates)
    unscored = sum(one.unscored for one in rates)
    lost = f", {unscored} unscored" if unscored else ""
    found = rate(hits, n)
    if found.low is None or found.high is None:
        return f"no verdict{lost}"
    return f"{100 * hits / n:.0f} % of {n} ({100 * found.low:.0f} to {100 * found.high:.0f}){lost}"


def _settings(saved: Saved) -> dict[str, Any]:
    return {
        "subjects": ", ".join(saved.rates),
        "system prompt": saved.system_prompt or "the scenarios' own",
        **{f"scenario {name}": version for name, version in saved.scenarios.items()},
        **{f"ladder {name}": version for name, version in saved.ladders.items()},
        "decider": saved.decider,
        **{f"rubric {name}": version for name, version in saved.rubrics.items()},
        "sandbox": saved.sandbox,
        "agent": saved.agent,
        "limits": saved.limits,
        "options": saved.options,
        "unbidden": saved.unbidden,
        "inspect": saved.inspect,
    }
