"""A plan: replicates, calls, tokens and money of a run, before anything is called."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil

from inspect_ai.model import ModelCost

from unbidden.errors import BadInputError
from unbidden.plan.pilot import Pilot
from unbidden.plan.precision import MOST, WORST, Wanted, detectable, interval
from unbidden.plan.scripts import Sized, estimated
from unbidden.plan.size import Range, predicted
from unbidden.prices import price_of
from unbidden.scenario.expand import NO_TWIN
from unbidden.spec import Scope, Spec
from unbidden.spending import Part, Use
from unbidden.vocabulary import PLAIN


@dataclass(frozen=True)
class Figure:
    """One rate that the run gives for each subject, and what is known of it at the plan's replicates.

    Args:
        name: The behaviour, or the scenario.
        cells: The cells it is pooled over, twins apart.
        samples: Samples of a subject in it.
        low: Where the 95 % Wilson interval is expected to begin, at the assumed rate.
        high: Where it is expected to end.
        detects: The smallest difference between two subjects that is found with the wanted power; `None` if none is.
        needs: Replicates of each cell for what is wanted; `None` if nothing is.
    """

    name: str
    cells: int
    samples: int
    low: float
    high: float
    detects: float | None
    needs: int | None


@dataclass(frozen=True)
class Line:
    """What one model will use as subject or as judge, from little to much.

    Args:
        model: As Inspect names it.
        part: What it does.
        samples: The samples it plays or judges.
        use: Calls and tokens.
        cost: Dollars, at the least and at the most; `None` if the price is unknown.
        basis: How that is known.
    """

    model: str
    part: Part
    samples: int
    use: Range
    cost: tuple[float, float] | None
    basis: str


@dataclass(frozen=True)
class Plan:
    """A run as it would be. `samples` are one subject's, twins included."""

    name: str
    title: str
    wanted: Wanted
    replicates: int
    cells: int
    twins: int
    samples: int
    pooled: Sequence[Figure]
    alone: Sequence[Figure]
    lines: Sequence[Line]
    notes: Sequence[str]

    @property
    def cost(self) -> tuple[float, float] | None:
        """Dollars, at the least and at the most; `None` if any price is unknown."""
        known = [line.cost for line in self.lines if line.cost is not None]
        if len(known) < len(self.lines):
            return None
        return sum(low for low, _ in known), sum(high for _, high in known)


def plan(
    spec: Spec,
    models: Sequence[str],
    wanted: Wanted,
    replicates: int | None = None,
    pilot: Pilot | None = None,
    limit: int | None = None,
) -> Plan:
    """What a run of `spec` would give and take. No model is called.

    Args:
        spec: What would be run; its replicates hold if nothing else says how many.
        models: The subjects.
        wanted: What it is to reach: every behaviour's rate, pooled over the cells of the scenarios that afford it.
        replicates: How often each cell is run, whatever is wanted.
        pilot: A run to go by; where it has nothing, the scripts' runs are gone by.
        limit: How many samples of each scenario are run, if not all.

    Raises:
        BadInputError: What is wanted cannot be reached, or a model's name is none.
    """
    _must_be_names([*models, *spec.graders])
    pooled = dict(_pooled(spec))
    needed = wanted.samples()
    needs = None if needed is None else max((ceil(needed / cells) for cells in pooled.values()), default=None)
    count = replicates or needs or spec.replicates
    figures = [_figure(name, cells, count, wanted, needed) for name, cells in pooled.items()]
    alone = [
        _figure(scope.loaded.scenario.id, _cells(scope), count, wanted, needed)
        for scope in spec.scopes
        if _cells(scope)
    ]
    played = {scope.loaded.scenario.id: min(len(scope.cells) * count, limit or MOST) for scope in spec.scopes}
    judged = {scenario: samples * len(set(models)) for scenario, samples in played.items()}
    sizes = _Sizes(spec, pilot)
    lines = [_line(sizes, model, "subject", played) for model in dict.fromkeys(models)]
    lines += [_line(sizes, grader, "judge", judged) for grader in spec.graders]
    cells, every = sum(map(_cells, spec.scopes)), sum(len(scope.cells) for scope in spec.scopes)
    return Plan(
        name=spec.name,
        title=spec.title,
        wanted=wanted,
        replicates=count,
        cells=cells,
        twins=every - cells,
        samples=sum(played.values()),
        pooled=figures,
        alone=alone,
        lines=lines,
        notes=list(_notes(spec, lines)),
    )


def _must_be_names(models: Sequence[str]) -> None:
    """A model is not made: that needs its key. So its name is all there is to look at."""
    for model in models:
        if "/" not in model.strip("/"):
            fix = "Write it as provider/name, for example anthropic/<name>, openai/<name> or unbidden/zealot"
            raise BadInputError(f"'{model}' is no model's name", fix=fix)


def _cells(scope: Scope) -> int:
    return sum(cell.twin == NO_TWIN for cell in scope.cells)


def _pooled(spec: Spec) -> Iterator[tuple[str, int]]:
    """The behaviours whose rates are looked for, with the cells that afford them. Being asked to work is no finding."""
    for name, ladder in spec.ladders.items():
        if not ladder.wanted or all(other.wanted for other in spec.ladders.values()):
            cells = sum(_cells(scope) for scope in spec.scopes if name in scope.behaviours)
            if cells:
                yield name, cells


def _figure(name: str, cells: int, replicates: int, wanted: Wanted, needed: int | None) -> Figure:
    samples = cells * replicates
    low, high = interval(WORST if wanted.rate is None else wanted.rate, samples)
    return Figure(
        name=name,
        cells=cells,
        samples=samples,
        low=low,
        high=high,
        detects=detectable(wanted.rate, samples, wanted.power),
        needs=None if needed is None else ceil(needed / cells),
    )


class _Sizes:
    """What samples take: measured where a pilot has it, else estimated, which is done once and only if it must be."""

    def __init__(self, spec: Spec, pilot: Pilot | None) -> None:
        self._spec, self._pilot = spec, pilot
        self._estimated: Mapping[str, Sized] | None = None

    def of(self, scenario: str, part: Part, model: str, count: int) -> tuple[Range, str]:
        """What `count` samples of a scenario take of a model, and how that is known."""
        seen = self._pilot.of(scenario, part, model) if self._pilot is not None else None
        if seen is not None:
            uses, who = seen
            return predicted(uses, count), f"measured on {who}"
        if self._estimated is None:
            self._estimated = estimated(self._spec)
        size = self._estimated[scenario]
        return (size.subject if part == "subject" else size.judge).times(count), "estimated"


def _line(sizes: _Sizes, model: str, part: Part, samples: Mapping[str, int]) -> Line:
    """One model's calls over so many samples of each scenario."""
    total, bases = Range(), dict[str, None]()
    for scenario, count in samples.items():
        use, basis = sizes.of(scenario, part, model, count)
        total = total.plus(use)
        bases[basis] = None
    price = price_of(model)
    cost = None if price is None else (_cost(price, total.low), _cost(price, total.high))
    return Line(model, part, sum(samples.values()), total, cost, ", ".join(bases))


def _cost(price: ModelCost, use: Use) -> float:
    """Dollars; prices are for a million tokens."""
    return (
        use.fresh * price.input
        + use.cached * price.input_cache_read
        + use.written * price.input_cache_write
        + use.output * price.output
    ) / 1_000_000


def _notes(spec: Spec, lines: Sequence[Line]) -> Iterator[str]:
    unknown = [line.model for line in lines if line.cost is None]
    if unknown:
        yield f"The price of {', '.join(dict.fromkeys(unknown))} is unknown: give it with --prices."
    if any("estimated" in line.basis for line in lines) and spec.agent != PLAIN:
        yield f"The agent '{spec.agent}' brings instructions of its own, which no estimate knows: measure it with --from."
