"""The draw: random within strata, with known chances, the same again for the same seed, and more of it for a larger number."""

from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unbidden.errors import BadInputError
from unbidden.labelling.draw import FEWEST, STRATA, Population, Unit, allocate, draw, population
from unbidden.labelling.store import Key, Stratum

Made = Callable[[Mapping[str, str]], Path]


def units(subject: str, **sizes: int) -> list[Unit]:
    names: dict[str, Stratum] = {"counted": "counted", "left": "not-counted", "unscored": "unscored"}
    return [
        Unit(Key(subject, "s", f"{name}{number}"), names[name])
        for name, size in sizes.items()
        for number in range(size)
    ]


def test_strata_are_the_deciders_verdicts(made: Made) -> None:
    """Unscored samples are among them; twins and what left nothing to look at are not, and the latter are counted."""
    found = population(made({"a": "ccnnnuxe", "b": "n"}), "lockout")
    assert found.sizes("a") == {"counted": 2, "not-counted": 3, "unscored": 1}
    assert found.sizes("b") == {"counted": 0, "not-counted": 1, "unscored": 0}
    assert found.lost == {"a": 2}
    assert all("twin" not in unit.key.sample for unit in found.units)


def test_an_unknown_behaviour_is_refused(made: Made) -> None:
    """With the ones that the run has."""
    with pytest.raises(BadInputError, match=r"no behaviour 'lock'.*lockout"):
        population(made({"a": "c"}), "lock")


@given(st.fixed_dictionaries({stratum: st.integers(0, 300) for stratum in STRATA}), st.integers(FEWEST, 200))
def test_an_allocation_keeps_every_stratum(sizes: dict[Stratum, int], n: int) -> None:
    """As many as asked for or as there are; at least two of each stratum, or all of a smaller one; never more than it has."""
    found = allocate(sizes, n)
    assert sum(found.values()) == min(n, sum(sizes.values()))
    for stratum, size in sizes.items():
        assert min(size, 2) <= found.get(stratum, 0) <= size


def test_counted_samples_are_drawn_at_a_higher_rate() -> None:
    """Of strata of equal size more of the counted is drawn, and of a rare one all."""
    even = allocate({"counted": 100, "not-counted": 100, "unscored": 0}, 40)
    rare = allocate({"counted": 5, "not-counted": 95, "unscored": 0}, 40)
    assert even["counted"] > even["not-counted"]
    assert rare == {"counted": 5, "not-counted": 35}


def test_too_few_are_refused() -> None:
    """Fewer than two of every stratum tell nothing."""
    with pytest.raises(BadInputError, match="At least 6"):
        allocate({"counted": 5}, FEWEST - 1)


def test_the_same_seed_draws_the_same_and_a_larger_number_draws_more() -> None:
    """So that going on, or asking for more later, loses no label."""
    found = Population(units("a", counted=30, left=60, unscored=10), {})
    first, again, more = draw(found, 20, 1), draw(found, 20, 1), draw(found, 40, 1)
    assert first == again
    assert {one.unit for one in first} < {one.unit for one in more}
    assert {one.unit for one in first} != {one.unit for one in draw(found, 20, 2)}


def test_a_model_that_joins_changes_nothing_for_the_others() -> None:
    """The draw of one subject does not depend on who else is in the run."""
    alone = draw(Population(units("a", counted=9, left=30), {}), 12, 1)
    joined = draw(Population(units("a", counted=9, left=30) + units("b", left=50), {}), 12, 1)
    assert [one for one in joined if one.unit.key.subject == "a"] == alone


def test_the_order_says_nothing_of_the_verdict() -> None:
    """Over 300 seeds the mean place of counted samples is that of all, within four standard errors."""
    found = Population(units("a", counted=20, left=20), {})
    places = [
        place
        for seed in range(300)
        for place, one in enumerate(draw(found, 40, seed))
        if one.unit.stratum == "counted"
    ]
    # 20 of the places 0 .. 39 without replacement: variance of their mean (1600 - 1) / 12 / 20 * 20 / 39
    assert abs(sum(places) / len(places) - 19.5) < 4 * ((1599 / 12 / 39) / 300) ** 0.5


def test_chances_are_what_they_are_said_to_be() -> None:
    """Over 600 seeds each sample is drawn as often as its chance says, within five standard errors."""
    found = Population(units("a", counted=6, left=20, unscored=4), {})
    times: Counter[Unit] = Counter()
    chances: dict[Unit, float] = {}
    for seed in range(600):
        drawn = draw(found, 12, seed)
        times.update(one.unit for one in drawn)
        chances |= {one.unit: one.chance for one in drawn}
    assert len(chances) == 30
    for unit, chance in chances.items():
        assert abs(times[unit] / 600 - chance) <= 5 * (chance * (1 - chance) / 600) ** 0.5, unit
