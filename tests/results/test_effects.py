"""Effects of factors on a rate, from constructed tables whose answer is known."""

from collections.abc import Mapping
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from verdicts import Row, cell, table

from unbidden.results.contrasts import change_of, estimate, mean, rate_of
from unbidden.results.effects import Effect, effects, fix, grid_of

LEVELS = {"prompt": ["neutral", "bold"], "goal": ["same", "other"]}
Counts = Mapping[tuple[str, str], int]


def rows_of(hits: Counts, n: int, **given: Any) -> list[Row]:
    return [
        row
        for (prompt, goal), count in hits.items()
        for row in cell({"prompt": prompt, "goal": goal}, count, n, **given)
    ]


def found(rows: list[Row], *, wanted: bool = False) -> dict[tuple[str, tuple[str, ...]], Effect]:
    return {
        (effect.kind, tuple(effect.factors)): effect for effect in effects(table(rows), LEVELS, wanted=wanted)
    }


DENSE: Counts = {("neutral", "same"): 1, ("neutral", "other"): 3, ("bold", "same"): 4, ("bold", "other"): 10}


def test_a_main_effect_is_the_mean_over_the_other_factors_cells() -> None:
    """(4 - 1 + 10 - 3) / 2 of 10 for the prompt, (3 - 1 + 10 - 4) / 2 of 10 for the goal."""
    effect = found(rows_of(DENSE, 10))
    prompt, goal = effect["main", ("prompt",)], effect["main", ("goal",)]
    assert prompt.estimate is not None
    assert goal.estimate is not None
    assert prompt.estimate.value == pytest.approx(0.5)
    assert goal.estimate.value == pytest.approx(0.4)
    assert prompt.estimate.model == "cells"
    assert (prompt.levels, prompt.baselines, prompt.scored, prompt.least) == (("bold",), ("neutral",), 40, 20)


def test_an_interaction_is_the_difference_of_the_differences() -> None:
    """The prompt does 10 - 3 with the other goal and 4 - 1 with the same: a difference of 4 of 10."""
    effect = found(rows_of(DENSE, 10))["interaction", ("prompt", "goal")]
    assert effect.estimate is not None
    assert effect.estimate.value == pytest.approx(0.4)


def test_uneven_cells_weigh_alike() -> None:
    """Cells of 40 and of 10 samples, standardised: (0.5 - 0.1 + 0.3 - 0.3) / 2, where lumping gives 23/50 - 7/50."""
    rows = [
        *cell({"prompt": "neutral", "goal": "same"}, 4, 40),
        *cell({"prompt": "neutral", "goal": "other"}, 3, 10),
        *cell({"prompt": "bold", "goal": "same"}, 20, 40),
        *cell({"prompt": "bold", "goal": "other"}, 3, 10),
    ]
    effect = found(rows)["main", ("prompt",)]
    assert effect.estimate is not None
    assert effect.estimate.value == pytest.approx(0.2)


def test_two_cells_have_agresti_and_caffos_interval() -> None:
    """7 of 10 and 2 of 10 with one hit and one miss more each: 8/12 - 3/12 -+ 1.96 sqrt((8*4 + 3*9)/12^3)."""
    [effect] = effects(
        table([*cell({"prompt": "neutral"}, 2, 10), *cell({"prompt": "bold"}, 7, 10)]),
        {"prompt": ["neutral", "bold"]},
        wanted=False,
    )
    reach = 1.959964 * ((8 * 4 + 3 * 9) / 12**3) ** 0.5
    assert effect.estimate is not None
    assert (effect.estimate.low, effect.estimate.high) == pytest.approx((5 / 12 - reach, 5 / 12 + reach))


def test_sparse_cells_take_the_penalised_model() -> None:
    """0 of 4 against 4 of 4: with one half added to each count 4.5/5 - 0.5/5, and a finite interval."""
    [effect] = effects(
        table([*cell({"prompt": "neutral"}, 0, 4), *cell({"prompt": "bold"}, 4, 4)]),
        {"prompt": ["neutral", "bold"]},
        wanted=False,
    )
    told = effect.estimate
    assert told is not None
    assert told.model == "Firth"
    assert told.value == pytest.approx(0.8)
    error = (2 * (0.1 * 0.9) / 4) ** 0.5  # delta method: the fitted rates' variance, p(1-p)/n each
    assert (told.low, told.high) == pytest.approx((0.8 - 1.959964 * error, 1.0))


def test_a_level_without_a_scored_sample_has_no_effect_and_no_number() -> None:
    """Nothing is known of bold: no estimate, for the model must not make one up."""
    rows = [
        *cell({"prompt": "neutral", "goal": "same"}, 1, 3),
        *cell({"prompt": "bold", "goal": "same"}, 0, 0, 3),
    ]
    effect = found(rows)["main", ("prompt",)]
    assert (effect.estimate, effect.least, effect.unscored) == (None, 0, 3)
    assert effect.bounds == pytest.approx((0 - 1 / 3, 1 - 1 / 3))


def test_unscored_samples_bound_the_difference() -> None:
    """Bold 4 of 8 with 2 unscored, neutral 1 of 10: from 4/10 - 1/10 to 6/10 - 1/10."""
    rows = [*cell({"prompt": "neutral"}, 1, 10), *cell({"prompt": "bold"}, 4, 8, 2)]
    [effect] = effects(table(rows), {"prompt": ["neutral", "bold"]}, wanted=False)
    assert effect.estimate is not None
    assert effect.estimate.value == pytest.approx(4 / 8 - 1 / 10)
    assert effect.bounds == pytest.approx((0.3, 0.5))


def test_twins_are_left_out_of_the_effects_and_have_a_contrast_of_their_own() -> None:
    """The cells count 10 of 20 and their twins 2 of 20; the prompt's effect is the cells' 8 - 2 of 10."""
    cells = [
        row
        for prompt, hits, misfires in (("neutral", 2, 1), ("bold", 8, 1))
        for row in (
            *cell({"prompt": prompt, "evidence": "fraud"}, hits, 10),
            *cell({"prompt": prompt, "evidence": "innocent"}, misfires, 10, twin="wrongdoing"),
        )
    ]
    levels = {"prompt": ["neutral", "bold"]}
    main, twin = effects(table(cells), levels, wanted=False)
    assert main.estimate is not None
    assert twin.estimate is not None
    assert (main.kind, twin.kind, twin.baselines) == ("main", "twin", ("wrongdoing",))
    assert main.estimate.value == pytest.approx(0.6)
    assert twin.estimate.value == pytest.approx(0.4)
    assert [effect.kind for effect in effects(table(cells), levels, wanted=True)] == ["main"]


def test_subjects_are_strata() -> None:
    """One subject always does it and the other never: pooled, the prompt has no effect, and no wide interval either."""
    rows = [*rows_of(dict.fromkeys(DENSE, 10), 10), *rows_of(dict.fromkeys(DENSE, 0), 10, subject="b")]
    effect = found(rows)["main", ("prompt",)]
    assert effect.estimate is not None
    assert effect.estimate.value == 0
    assert effect.estimate.high < 0.1


def test_a_factor_that_one_scenario_lacks_is_judged_in_the_others() -> None:
    """The goal is varied in s only, the prompt in both: 40 and 40 + 20 samples enter."""
    other = [row for prompt in ("neutral", "bold") for row in cell({"prompt": prompt}, 5, 10, scenario="t")]
    effect = found([*rows_of(DENSE, 10), *other])
    assert effect["main", ("goal",)].scored == 40
    assert effect["main", ("prompt",)].scored == 60
    told = effect["main", ("prompt",)].estimate
    assert told is not None
    assert told.value == pytest.approx((0.3 + 0.7 + 0) / 3)


HIDDEN: Counts = {
    ("neutral", "same"): 0,
    ("neutral", "other"): 9,
    ("bold", "same"): 10,
    ("bold", "other"): 10,
}


def test_fixing_the_strongest_cause_brings_out_the_next() -> None:
    """With bold everybody does it; fixed at neutral the goal decides, 9 of 10 against 0, where it did 9 of 20 before."""
    first, steps = fix(table(rows_of(HIDDEN, 10)), LEVELS, wanted=False)
    step = steps[0]
    assert [(one.factor, one.worst, one.best) for one in first] == [
        ("prompt", "bold", "neutral"),
        ("goal", "other", "same"),
    ]
    assert (step.factor, step.level, step.scored) == ("prompt", "neutral", 20)
    assert step.before is not None
    assert step.after is not None
    assert step.change is not None
    assert (step.before.value, step.after.value) == pytest.approx((29 / 40, 9 / 20))
    assert step.change.value == pytest.approx(9 / 20 - 29 / 40)
    [left] = step.remaining
    assert left.estimate is not None
    assert (left.factor, left.says) == ("goal", "cause")
    assert left.estimate.value == pytest.approx(0.9)


def test_of_wanted_work_the_lowest_rate_is_the_harm() -> None:
    """The least harmful level of the prompt is then the bold one."""
    first, steps = fix(table(rows_of(HIDDEN, 10)), LEVELS, wanted=True)
    assert (first[0].worst, first[0].best, steps[0].level) == ("neutral", "bold", "bold")


def test_too_few_samples_are_said_to_be_too_few() -> None:
    """One replicate: two samples on a side tell nothing, however far apart they are."""
    hits: Counts = {
        ("neutral", "same"): 0,
        ("neutral", "other"): 1,
        ("bold", "same"): 1,
        ("bold", "other"): 1,
    }
    first, steps = fix(table(rows_of(hits, 1)), LEVELS, wanted=False)
    assert {one.says for one in first} == {"too few"}
    assert {one.says for one in steps[0].remaining} == {"too few"}


COUNTS = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 2)), min_size=4, max_size=4
).map(lambda cells: [(min(hits, n), n, lost) for hits, n, lost in cells])


@given(COUNTS)
def test_no_table_gives_a_number_that_is_none(counts: list[tuple[int, int, int]]) -> None:
    """Whatever is missing: every figure is finite and inside its interval, the interval inside what can be."""
    rows = [
        row
        for (prompt, goal), (hits, n, lost) in zip(product(*LEVELS.values()), counts, strict=True)
        for row in cell({"prompt": prompt, "goal": goal}, hits, n, lost)
    ]
    if not rows:
        return
    for effect in found(rows).values():
        most = 2 if effect.kind == "interaction" else 1
        if effect.estimate is not None:
            told = effect.estimate
            assert np.isfinite([told.value, told.low, told.high, told.p]).all()
            assert -most <= told.low <= told.value <= told.high <= most
        if effect.bounds is not None:
            assert -most <= effect.bounds[0] <= effect.bounds[1] <= most
    for step in fix(table(rows), LEVELS, wanted=False)[1]:
        for told in (step.before, step.after, step.change):
            assert told is None or (np.isfinite(told.value) and told.low <= told.value <= told.high)


@given(st.lists(st.integers(0, 6), min_size=4, max_size=4), st.integers(1, 6))
def test_exchanging_level_and_baseline_turns_the_sign(hits: list[int], n: int) -> None:
    """Estimate and interval are those of the contrary difference."""
    rows = rows_of({key: min(count, n) for key, count in zip(DENSE, hits, strict=True)}, n)
    turned = LEVELS | {"prompt": ["bold", "neutral"]}
    one, other = (
        next(iter(effects(table(rows), levels, wanted=False))).estimate for levels in (LEVELS, turned)
    )
    assert one is not None
    assert other is not None
    assert (one.value, one.low, one.high) == pytest.approx((-other.value, -other.high, -other.low), abs=1e-5)


def grid(*counts: tuple[int, int]) -> pd.DataFrame:
    return grid_of(
        table([row for i, (hits, n) in enumerate(counts) for row in cell({"f": str(i)}, hits, n)]),
        {"f": [str(i) for i in range(len(counts))]},
    )


def test_the_mean_of_equal_cells_has_the_wilson_interval_of_their_sum() -> None:
    """30 and 32 of 100 each are as 62 of 200, by Wilson's formula."""
    told = rate_of(cells := grid((30, 100), (32, 100)), mean(cells["scored"] > 0))
    assert told is not None
    p, n, z = 0.31, 200, 1.959964
    reach = z * (p * (1 - p) / n + z**2 / (4 * n**2)) ** 0.5
    assert told.low == pytest.approx((p + z**2 / (2 * n) - reach) / (1 + z**2 / n))
    assert told.high == pytest.approx((p + z**2 / (2 * n) + reach) / (1 + z**2 / n))


def test_a_change_between_two_cells_is_newcombes_difference() -> None:
    """56/70 - 48/80 = 0.2, 0.0524 to 0.3339: Newcombe, Statist. Med. 17 (1998) 873-890, table II, (a), method 10."""
    told = change_of(grid((56, 70), (48, 80)), np.array([1.0, -1.0]))
    assert told is not None
    assert (told.value, told.low, told.high) == (
        pytest.approx(0.2),
        pytest.approx(0.0524, abs=5e-5),
        pytest.approx(0.3339, abs=5e-5),
    )


def test_an_estimate_over_every_cell_needs_no_model_when_cells_are_full() -> None:
    """Five scored samples in every cell are enough, four in one are not."""
    full, short = grid((1, 5), (3, 5)), grid((1, 5), (3, 4))
    weights = np.array([-1.0, 1.0])
    assert [told.model for told in (estimate(full, weights), estimate(short, weights)) if told] == [
        "cells",
        "Firth",
    ]
