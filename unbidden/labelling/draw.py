"""Which samples a person is asked about: a stratified random subsample of a run's own, with known probabilities."""

import hashlib
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from unbidden.errors import BadInputError, suggestion
from unbidden.labelling.store import Key, Stratum
from unbidden.results.manifest import read_manifest
from unbidden.results.rows import read_verdicts
from unbidden.scenario.expand import NO_TWIN

STRATA: tuple[Stratum, ...] = ("counted", "not-counted", "unscored")

FEWEST = 6
"""The smallest number to ask about: two of every stratum."""

_GUESSED: Mapping[Stratum, float] = {"counted": 0.2, "not-counted": 0.05, "unscored": 0.5}
"""The share of each stratum that a person is guessed to see otherwise. It steers how many are drawn, and no estimate."""


class Unit(NamedTuple):
    """A sample that can be labelled, with what the decider made of it."""

    key: Key
    stratum: Stratum


@dataclass(frozen=True)
class Population:
    """A run's samples that can be labelled, twins left out as in every rate; `lost` counts a subject's that cannot."""

    units: Sequence[Unit]
    lost: Mapping[str, int]

    def subjects(self) -> list[str]:
        return sorted({unit.key.subject for unit in self.units} | set(self.lost))

    def sizes(self, subject: str) -> dict[Stratum, int]:
        """How many samples of a subject there are in each stratum."""
        found = Counter(unit.stratum for unit in self.units if unit.key.subject == subject)
        return {stratum: found[stratum] for stratum in STRATA}


class Drawn(NamedTuple):
    """A sample to be asked about, and the probability with which it was drawn."""

    unit: Unit
    chance: float


def population(folder: Path, behaviour: str) -> Population:
    """The samples of a run that can be labelled for a behaviour.

    Raises:
        ResultsError: A folder that cannot be read.
        BadInputError: The run has no such behaviour.
    """
    table, ids = read_verdicts(folder), _ids(folder)
    known = {str(name) for name in table["behaviour"]}
    if behaviour not in known:
        raise BadInputError(f"the run has no behaviour '{behaviour}'", fix=suggestion(behaviour, known))
    part = table[(table["behaviour"] == behaviour) & (table["twin"] == NO_TWIN)]
    units: list[Unit] = []
    lost: Counter[str] = Counter()
    for row in part.to_dict("records"):
        if str(row["unscored"]) and pd.isna(
            row["turns"]
        ):  # no ledger was read: our failure, not the decider's
            lost[str(row["subject"])] += 1
            continue
        sample = ids[row["scenario"], row["cell"], int(row["replicate"])]
        units.append(Unit(Key(str(row["subject"]), str(row["scenario"]), sample), _stratum(row)))
    return Population(units, lost)


def draw(found: Population, n: int, seed: int) -> list[Drawn]:
    """About `n` samples of each subject, in a random order over all of them.

    Within a stratum every set of samples is equally likely. A larger `n` with the same seed draws the same samples and
    more, and so does the same draw after a model has joined.

    Args:
        found: The samples.
        n: How many of each subject, at least `FEWEST`; all if there are no more.
        seed: What the draw is made from.
    """
    drawn: list[Drawn] = []
    for subject in found.subjects():
        sizes = found.sizes(subject)
        for stratum, count in allocate(sizes, n).items():
            members = [
                unit for unit in found.units if unit.key.subject == subject and unit.stratum == stratum
            ]
            members.sort(key=lambda unit: _rank("draw", seed, unit.key))
            drawn += [Drawn(unit, count / sizes[stratum]) for unit in members[:count]]
    return sorted(drawn, key=lambda one: _rank("order", seed, one.unit.key))


def allocate(sizes: Mapping[Stratum, int], n: int) -> dict[Stratum, int]:
    """How many to draw of each stratum: a fifth of `n` of each, the rest where it is guessed to narrow the estimate most.

    The rest is Neyman's allocation, one sample at a time (Wright, The American Statistician 66 (2012) 217-224). So
    counted and unscored samples, of which a person is guessed to see more otherwise, are drawn at a higher rate.

    Raises:
        BadInputError: `n` is smaller than `FEWEST`.
    """
    if n < FEWEST:
        raise BadInputError(
            f"{n} samples of a subject are too few", fix=f"At least {FEWEST}: two of every stratum"
        )
    given: dict[Stratum, int] = {
        stratum: min(size, max(2, n // 5)) for stratum, size in sizes.items() if size
    }
    for _ in range(min(n, sum(sizes.values())) - sum(given.values())):
        open_ones: list[Stratum] = [stratum for stratum in given if given[stratum] < sizes[stratum]]
        best = max(open_ones, key=lambda stratum: _gain(stratum, sizes[stratum], given[stratum]))
        given[best] += 1
    return given


def _gain(stratum: Stratum, size: int, given: int) -> float:
    """How much one sample more takes from the variance of the estimate."""
    guessed = _GUESSED[stratum]
    return size**2 * guessed * (1 - guessed) / (given * (given + 1))


def _rank(what: str, seed: int, key: Key) -> float:
    """A place in a random order, the same for the same sample and seed in any run of any length."""
    digest = hashlib.sha256("\0".join([what, str(seed), *key]).encode()).digest()
    return math.ldexp(int.from_bytes(digest[:6], "big"), -48)


def _stratum(row: Mapping[Any, Any]) -> Stratum:
    if str(row["unscored"]):
        return "unscored"
    counted = row["counted"]
    return "counted" if not pd.isna(counted) and bool(counted) else "not-counted"


def _ids(folder: Path) -> dict[tuple[str, str, int], str]:
    """Scenario, cell and replicate to the id under which Inspect keeps the sample."""
    return {
        (scenario.id, planned.cell_id, planned.replicate): planned.id
        for scenario in read_manifest(folder).scenarios
        for planned in scenario.samples
    }
