"""The decider's errors on a run's own samples, corrected for the draw, and whether they are alike for two subjects."""

import random

import pytest
from scipy.stats import fisher_exact, nchypergeom_fisher

from unbidden.calibration import share
from unbidden.labelling.draw import STRATA, allocate
from unbidden.labelling.error_rates import NOTICED, ErrorRate, equal_errors, error_rates
from unbidden.labelling.store import Stratum
from unbidden.labelling.two_phase import Labelled

Strata = dict[Stratum, Labelled]


def strata(counted: Labelled, left: Labelled, unscored: int = 0) -> Strata:
    return {"counted": counted, "not-counted": left, "unscored": Labelled(size=unscored)}


def test_with_everything_labelled_they_are_plain_exact_shares() -> None:
    """8 of 10 true ones counted, 85 of 90 others left alone."""
    found = error_rates(strata(Labelled(size=13, yes=8, no=5), Labelled(size=87, yes=2, no=85)))
    for rate, plain in ((found.sensitivity, share(8, 10)), (found.specificity, share(85, 90))):
        assert rate.value == pytest.approx(plain.hits / plain.n)
        assert (rate.low, rate.high) == pytest.approx((plain.low, plain.high))


def test_the_draw_is_corrected_for() -> None:
    """All of 20 counted labelled, 16 true; 10 of 80 others labelled, 1 true, so 8 of the 80: sensitivity 16 / 24."""
    found = error_rates(strata(Labelled(size=20, yes=16, no=4), Labelled(size=80, yes=1, no=9)))
    assert found.sensitivity.value == pytest.approx(16 / 24)
    assert found.specificity.value == pytest.approx(72 / 76)


def test_where_no_label_tells_nothing_is_known() -> None:
    """A stratum with samples and no clear label leaves both rates open; so does the lack of any true sample."""
    unknown = error_rates(strata(Labelled(size=5, yes=5), Labelled(size=80)))
    assert unknown.sensitivity == ErrorRate(value=None, low=0.0, high=1.0, n=5)
    assert error_rates(strata(Labelled(size=0), Labelled(size=9, no=9))).sensitivity.value is None


def test_unscored_and_unclear_samples_are_no_errors() -> None:
    """The rates are of verdicts, against clear labels."""
    plain = error_rates(strata(Labelled(size=10, yes=8, no=2), Labelled(size=10, yes=1, no=9)))
    more = error_rates(
        strata(
            Labelled(size=12, yes=8, no=2, unclear=2), Labelled(size=12, yes=1, no=9, unclear=2), unscored=9
        )
    )
    assert more.sensitivity.value == pytest.approx(plain.sensitivity.value)


def test_equality_is_fishers_test_where_both_were_drawn_alike() -> None:
    """With everything labelled, against scipy's Fisher test of the two-by-two tables."""
    first = strata(Labelled(size=12, yes=9, no=3), Labelled(size=40, yes=1, no=39))
    second = strata(Labelled(size=9, yes=4, no=5), Labelled(size=30, yes=8, no=22))
    found, left = equal_errors(first, second)
    assert found == pytest.approx(fisher_exact([[9, 1], [4, 8]]).pvalue)
    assert left == pytest.approx(fisher_exact([[39, 3], [22, 5]]).pvalue)


def test_equality_under_unlike_draws_is_by_the_noncentral_distribution() -> None:
    """Against scipy's: 9 of 10 and 4 of 12 true ones counted, seen with sampling odds of 2 and of 4."""
    first = strata(Labelled(size=9, yes=9), Labelled(size=20, yes=1, no=9))
    second = strata(Labelled(size=6, yes=4, no=2), Labelled(size=80, yes=8, no=12))
    chances = nchypergeom_fisher.pmf(range(1, 11), 22, 10, 13, 2 / 4)
    found, _ = equal_errors(first, second)
    assert found == pytest.approx(chances[chances <= chances[8] * (1 + 1e-9)].sum())


def test_where_only_one_table_is_possible_nothing_differs() -> None:
    """All true samples counted for both, drawn at unlike rates: p = 1, and the process lives on (scipy's own ends it)."""
    first = strata(Labelled(size=7, yes=7), Labelled(size=30, no=10))
    second = strata(Labelled(size=9, yes=3), Labelled(size=31, no=10))
    assert equal_errors(first, second)[0] == 1.0


def test_a_difference_made_by_the_draw_is_none() -> None:
    """The same sensitivity of a half, seen through draws that differ tenfold: Fisher's plain test is misled, this one is not."""
    first = strata(Labelled(size=40, yes=40), Labelled(size=400, yes=4, no=36))
    second = strata(Labelled(size=400, yes=40), Labelled(size=400, yes=40, no=0))
    assert fisher_exact([[40, 4], [40, 40]]).pvalue < 0.001
    found, _ = equal_errors(first, second)
    assert found is not None
    assert found > 0.5


def test_nothing_is_tested_without_labels() -> None:
    """No true sample of one subject: nothing to compare."""
    first = strata(Labelled(size=3, no=3), Labelled(size=9, no=9))
    second = strata(Labelled(size=3, yes=3), Labelled(size=9, yes=1, no=8))
    assert equal_errors(first, second)[0] is None


def played(
    chance: random.Random, samples: int, rate: float, sensitivity: float, specificity: float
) -> Strata:
    """A run, its verdicts, and right labels of 40 drawn samples."""
    said: dict[Stratum, list[bool]] = {stratum: [] for stratum in STRATA}
    for _ in range(samples):
        true = chance.random() < rate
        counted = chance.random() < (sensitivity if true else 1 - specificity)
        said["counted" if counted else "not-counted"].append(true)
    drawn = allocate({stratum: len(members) for stratum, members in said.items()}, 40)
    labels = {stratum: chance.sample(members, drawn.get(stratum, 0)) for stratum, members in said.items()}
    return {
        stratum: Labelled(size=len(said[stratum]), yes=sum(seen), no=len(seen) - sum(seen))
        for stratum, seen in labels.items()
    }


@pytest.mark.parametrize(("sensitivity", "specificity"), [(0.9, 0.9), (0.6, 0.97), (0.95, 0.7)])
def test_intervals_cover_known_error_rates(sensitivity: float, specificity: float) -> None:
    """In 300 rounds at least 273 times, which is three standard deviations below a coverage of 95 %."""
    chance, held = random.Random(5), [0, 0]  # noqa: S311 - no secret
    for _ in range(300):
        found = error_rates(played(chance, 200, 0.2, sensitivity, specificity))
        held[0] += found.sensitivity.low <= sensitivity <= found.sensitivity.high
        held[1] += found.specificity.low <= specificity <= found.specificity.high
    assert min(held) >= 273


def test_equal_errors_are_seldom_called_different_and_unlike_ones_are_noticed() -> None:
    """At rates 0.1 and 0.5 of the behaviour: at most 27 of 300 (three deviations above 5 %), against more than half."""
    chance = random.Random(6)  # noqa: S311 - no secret

    def noticed(first: tuple[float, float], second: tuple[float, float]) -> list[int]:
        tests = [
            equal_errors(played(chance, 200, 0.1, *first), played(chance, 200, 0.5, *second))
            for _ in range(300)
        ]
        return [sum(p is not None and p < NOTICED for p in column) for column in zip(*tests, strict=True)]

    assert max(noticed((0.8, 0.9), (0.8, 0.9))) <= 27
    assert noticed((0.8, 0.98), (0.8, 0.5))[1] > 150
