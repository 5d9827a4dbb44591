"""From the named scenarios to others: the small-sample cluster intervals."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import t
from verdict_tables import make, replicates

from unbidden.results.compare import Question, compare
from unbidden.results.generalise import between_scenarios, over_scenarios
from unbidden.results.report_differences import general_notes


def test_differences_have_students_interval_over_scenarios() -> None:
    """Mean 0.1, standard deviation 0.3 over 16 scenarios: 0.1 plus and minus t(15) 0.3 / 4."""
    values = 0.1 + 0.3 * np.sqrt(15 / 16) * np.array([1.0, -1.0] * 8)
    reach = t.ppf(0.975, 15) * 0.3 / 4
    assert between_scenarios(values) == pytest.approx((0.1, 0.1 - reach, 0.1 + reach))


def test_scenarios_alike_within_chance_give_the_exact_interval_nearly() -> None:
    """When scenarios differ no more than samples do, the effective sample size is at most the number of samples."""
    rates = np.array([0.4, 0.6] * 10)
    found = over_scenarios(rates, 200)
    assert found is not None
    assert found.low < 0.5 < found.high
    assert found.high - found.low == pytest.approx(0.142, abs=0.005)  # Clopper-Pearson of 100 of 200


@pytest.mark.parametrize("scenarios", [1, 3, 9])
def test_below_ten_scenarios_nothing_is_generalised(scenarios: int) -> None:
    """A variance from so few is noise."""
    assert over_scenarios(np.full(scenarios, 0.5), 100) is None
    assert between_scenarios(np.full(scenarios, 0.5)) is None


@given(st.integers(10, 40), st.sampled_from([0.0, 0.25, 1.0]))
def test_scenarios_that_all_say_the_same_are_no_certainty(scenarios: int, value: float) -> None:
    """Without any variance the interval is still as wide as so many scenarios allow: for none, 1 - 0.025 ** (1 / scenarios)."""
    found = over_scenarios(np.full(scenarios, value), 1000)
    assert found is not None
    share = 1 - 0.025 ** (1 / scenarios)
    assert found == pytest.approx((value, value * (1 - share), value + (1 - value) * share))
    apart = between_scenarios(np.full(scenarios, value))
    assert apart is not None
    assert -1 <= apart.low <= value <= apart.high <= 1


@given(st.lists(st.floats(0, 1), min_size=10, max_size=30), st.integers(1, 20))
def test_an_interval_holds_the_mean_and_stays_on_its_scale(rates: list[float], samples: int) -> None:
    """Whatever the scenarios say."""
    values = np.array(rates)
    found = over_scenarios(values, samples * len(rates))
    assert found is not None
    assert 0 <= found.low <= found.value + 1e-9
    assert found.value - 1e-9 <= found.high <= 1


def test_the_interval_holds_the_mean_over_scenarios_about_as_often_as_it_says() -> None:
    """Over 800 drawings of 12 scenarios whose rates vary, at least 93 % hold the mean of all scenarios."""
    rng = np.random.default_rng(2)
    held = np.zeros(2)
    for _ in range(800):
        chance = rng.beta(1, 2, size=(2, 12))
        rates = rng.binomial(10, chance) / 10
        one, apart = over_scenarios(rates[0], 120), between_scenarios(rates[0] - rates[1])
        assert one is not None
        assert apart is not None
        held += [one.low <= 1 / 3 <= one.high, apart.low <= 0 <= apart.high]
    assert (held / 800 >= 0.93).all()


def test_a_run_of_twelve_scenarios_is_generalised(tmp_path: Path) -> None:
    """Each scenario weighs the same, whatever its samples: eleven of rate 0 and one of rate 1 make 1/12."""
    rows = [
        entry
        for n in range(12)
        for subject in "ab"
        for entry in replicates(subject, "1111" if n == 0 and subject == "b" else "0", scenario=f"s{n}")
    ]
    found = compare([make(tmp_path / "x", rows)], question=Question(pairs=True, generalise=True)).general
    assert found is not None
    values = {(line.subject, line.reference): line.effect and line.effect.value for line in found}
    assert values == {("a", None): 0, ("b", None): pytest.approx(1 / 12), ("b", "a"): pytest.approx(1 / 12)}


def test_a_run_of_few_scenarios_says_why_not(tmp_path: Path) -> None:
    """The reason and the number needed stand in a line."""
    rows = [*replicates("a", "01"), *replicates("b", "01")]
    found = compare([make(tmp_path / "x", rows)], question=Question(generalise=True)).general
    assert found is not None
    [note] = general_notes(found)
    assert "lockout (1 of at least 10 scenarios)" in note
