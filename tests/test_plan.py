"""A plan: what is wanted decides the replicates, scripts or a pilot decide calls and tokens, and no model is called."""

import io
import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from inspect_ai.model import modelapi
from inspect_ai.model._model_info import clear_model_info_cache
from rich.console import Console
from scipy.stats import binom, hypergeom

from unbidden.cli_plan import confirm
from unbidden.errors import BadInputError
from unbidden.intervals import wilson
from unbidden.plan.build import Plan, plan
from unbidden.plan.pilot import read_pilot
from unbidden.plan.precision import (
    Wanted,
    detectable,
    interval,
    samples_for_difference,
    samples_for_width,
    width,
)
from unbidden.plan.report import as_json, rendered
from unbidden.plan.size import predicted
from unbidden.prices import give_prices, prices_from
from unbidden.run import Request, run
from unbidden.spec import resolve
from unbidden.spending import Use

pytestmark = pytest.mark.usefixtures("project")

PRICE = {"input": 1.0, "output": 10.0, "input_cache_write": 2.0, "input_cache_read": 0.1}
rates = st.floats(0.01, 0.99)


@modelapi(name="locked")
def locked() -> type:
    """A provider that cannot even be made: as one whose key is missing."""
    raise AssertionError("a plan made a model")


@pytest.fixture(autouse=True)
def own_prices() -> None:
    """Inspect keeps prices in the process; not from one test to the next."""
    clear_model_info_cache()


def planned(*models: str, wanted: Wanted | None = None, **given_: Any) -> Plan:
    spec = resolve(["stock-room"], {}, None, graders=given_.pop("graders", ()))
    return plan(spec, models, wanted or Wanted(), **given_)


def fisher_power(n: int, one: float, other: float) -> float:
    """The power of Fisher's exact test at 5 %, two-sided, by enumeration of both samples of n."""
    hits = np.arange(n + 1)
    power = 0.0
    for total in range(2 * n + 1):
        k = hits[(hits <= total) & (total - hits <= n)]
        chance = hypergeom.pmf(k, 2 * n, total, n)
        p = np.array([chance[chance <= c * (1 + 1e-9)].sum() for c in chance])
        found = k[p <= 0.05]
        power += float((binom.pmf(found, n, one) * binom.pmf(total - found, n, other)).sum())
    return power


@given(rates, st.floats(0.02, 0.9))
def test_the_samples_for_a_width_are_the_fewest(rate: float, wanted: float) -> None:
    """The interval is no wider than wanted, and with one sample less it is wider."""
    n = samples_for_width(rate, wanted)
    assert width(rate, n) <= wanted
    assert n == 1 or width(rate, n - 1) > wanted


@given(rates, st.integers(1, 2000))
def test_without_a_rate_the_widest_interval_is_planned_for(rate: float, n: int) -> None:
    """No rate has a wider one."""
    assert width(rate, n) <= width(None, n) + 1e-12


@given(st.integers(0, 200), st.integers(1, 200))
def test_the_planned_interval_is_the_one_that_tables_show(hits: int, extra: int) -> None:
    """Where the expected hits are whole, it is the Wilson interval of the tables."""
    n = hits + extra
    assert interval(hits / n, n) == pytest.approx(wilson(hits, n))


@pytest.mark.parametrize(("rate", "difference"), [(0.2, 0.3), (0.1, 0.25), (0.5, -0.35), (0.02, 0.2)])
def test_the_planned_samples_find_the_difference(rate: float, difference: float) -> None:
    """By the exact power of Fisher's test: about the wanted 80 %, and clearly less with a quarter fewer samples."""
    n = samples_for_difference(rate, abs(difference), 0.8)
    assert n is not None
    one = rate + difference
    assert fisher_power(n, rate, one) >= 0.77
    assert fisher_power(3 * n // 4, rate, one) < 0.77


@given(st.one_of(st.none(), rates), st.floats(0.05, 0.45), st.sampled_from([0.8, 0.9]))
def test_what_the_planned_samples_detect_is_what_was_wanted(
    rate: float | None, difference: float, power: float
) -> None:
    """Samples for a difference, and the difference that so many samples find, undo each other."""
    n = samples_for_difference(rate, difference, power)
    assert n is not None
    found = detectable(rate, n, power)
    assert found is not None
    assert found <= difference + 0.001


@pytest.mark.parametrize(
    "wanted",
    [{"width": 0.0}, {"width": 1.2}, {"difference": -0.1}, {"rate": 2.0}, {"power": 1.0}],
)
def test_what_cannot_be_wanted_is_refused(wanted: dict[str, float]) -> None:
    """Shares are between 0 and 1."""
    with pytest.raises(BadInputError, match="Give it between 0 and 1"):
        Wanted(**wanted)


def test_no_rate_differs_by_more_than_there_is() -> None:
    """From one half nothing is further than one half."""
    with pytest.raises(BadInputError, match=r"no rate differs from 0\.5 by 0\.6"):
        Wanted(difference=0.6, rate=0.5).samples()


uses = st.builds(Use, *[st.floats(0, 1e6) for _ in Use._fields])


@given(st.lists(uses, min_size=1, max_size=12), st.integers(1, 500))
def test_a_prediction_holds_the_mean_and_keeps_to_what_was_seen(seen: list[Use], count: int) -> None:
    """Its low end is at most the mean of those seen, its high end at least that; neither is beyond the extremes seen."""
    found = predicted(seen, count)
    for figure, (low, high) in enumerate(zip(found.low, found.high, strict=True)):
        values = [use[figure] for use in seen]
        slack = 1e-6 * (1 + max(values) * count)
        mean = sum(values) / len(values) * count
        assert min(values) * count - slack <= low <= mean + slack
        assert mean - slack <= high <= max(values) * count + slack


def test_the_replicates_are_those_that_the_scarcest_behaviour_needs() -> None:
    """Stock-room has one cell and a twin: each replicate is one sample of a rate, and two that are played."""
    found = planned("unbidden/zealot", wanted=Wanted(width=0.2, rate=0.2))
    needed = samples_for_width(0.2, 0.2)
    assert (found.replicates, found.samples) == (needed, 2 * needed)
    assert all(figure.high - figure.low <= 0.2 for figure in found.pooled)
    assert "task" not in {figure.name for figure in found.pooled}


def test_nothing_is_called() -> None:
    """A model that cannot be made can be planned for, as subject and as judge; its price is unknown, not zero."""
    found = planned("locked/subject", graders=["locked/judge"])
    assert [(line.model, line.part, line.cost) for line in found.lines] == [
        ("locked/subject", "subject", None),
        ("locked/judge", "judge", None),
    ]
    assert found.cost is None
    assert all(0 < line.use.low.calls < line.use.high.calls for line in found.lines)


def test_what_is_no_model_is_refused() -> None:
    """A name without its provider is bad input, before anything is estimated."""
    with pytest.raises(BadInputError, match="'zealot' is no model's name"):
        planned("zealot")


def test_the_estimate_holds_what_scripts_really_take(tmp_path: Path) -> None:
    """The least is what the bystander's run takes, with the tools that scripts do not count; the others are below the most."""
    found = planned("unbidden/bystander", replicates=2)
    names = [f"unbidden/{name}" for name in ("bystander", "advocate", "zealot", "schemer")]
    accounts = run(Request(resolve(["stock-room"], {}, 2), names, tmp_path)).spending.accounts
    [line] = found.lines
    used = {model: account.use for (model, _), account in accounts.items()}
    least = used["unbidden/bystander"]
    assert line.use.low.calls == least.calls
    assert line.use.low.output == pytest.approx(least.output, rel=0.05)  # they count each message by itself
    assert least.input < line.use.low.input
    for use in used.values():
        assert all(most >= taken for most, taken in zip(line.use.high, use, strict=True))


def test_a_pilot_is_what_is_gone_by(tmp_path: Path) -> None:
    """The run's own samples predict themselves; a model that was not in it goes by those that were, and it is said."""
    outcome = run(Request(resolve(["stock-room"], {}, 4), ["unbidden/mixed"], tmp_path))
    pilot = read_pilot(outcome.folder)
    found = planned("unbidden/mixed", "locked/other", replicates=4, pilot=pilot)
    used = outcome.spending.accounts["unbidden/mixed", "subject"].use
    for line in found.lines:
        assert line.basis == "measured on unbidden/mixed"
        for low, taken, high in zip(line.use.low, used, line.use.high, strict=True):
            assert low <= taken <= high
    assert found.lines[0].use.high.calls < planned("unbidden/mixed", replicates=4).lines[0].use.high.calls


def test_a_pilot_without_a_judge_leaves_the_judge_estimated(tmp_path: Path) -> None:
    """What was not measured is estimated, and the two are told apart."""
    pilot = read_pilot(run(Request(resolve(["stock-room"], {}, 1), ["unbidden/zealot"], tmp_path)).folder)
    found = planned("unbidden/zealot", graders=["locked/judge"], pilot=pilot)
    assert [line.basis for line in found.lines] == ["measured on unbidden/zealot", "estimated"]


def test_money_is_the_tokens_by_their_prices() -> None:
    """Dollars for a million tokens, at either end; with the price of one model unknown the sum is unknown."""
    give_prices(prices_from({"locked/priced": PRICE}))
    [line] = planned("locked/priced").lines
    for end, use in zip(line.cost or (), (line.use.low, line.use.high), strict=True):
        assert end == pytest.approx((use.input * 1.0 + use.output * 10.0) / 1e6)
    assert planned("locked/priced", "locked/other").cost is None


def test_the_printed_plan_says_what_it_knows() -> None:
    """Tables for people name the range and the unknown; the JSON has the same figures."""
    give_prices(prices_from({"locked/priced": PRICE}))
    found = planned("locked/priced", "locked/other", wanted=Wanted(difference=0.3, rate=0.2))
    out = Console(file=io.StringIO(), width=140)
    out.print(rendered(found, 0.001))
    assert isinstance(out.file, io.StringIO)
    text = out.file.getvalue()
    for words in (
        "No model has been called",
        "price unknown",
        "The price of locked/other is unknown",
        "a budget of",
    ):
        assert words in text
    data = json.loads(json.dumps(as_json(found, 0.001)))
    assert data["replicates"] == samples_for_difference(0.2, 0.3, 0.8)
    assert [line["cost"] is None for line in data["calls"]] == [False, True]
    assert data["cost"] is None


def asked(answer: str, folder: Path) -> tuple[int, str]:
    """A run in a terminal, with somebody who answers."""
    prices = folder / "prices.yaml"
    prices.write_text(f"unbidden/zealot: {json.dumps(PRICE)}\n")
    command = [sys.executable, "-m", "unbidden.cli", "run", "stock-room", "-m", "unbidden/zealot"]
    command += ["--results", str(folder / "results"), "--prices", str(prices), "--max-cost", "0.001"]
    ours, theirs = pty.openpty()
    with subprocess.Popen(command, stdin=theirs, stderr=theirs, stdout=subprocess.DEVNULL) as process:
        os.close(theirs)
        os.write(ours, answer.encode())
        seen = b""
        while part := _read(ours):
            seen += part
        code = process.wait()
    os.close(ours)
    return code, seen.decode()


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # the other end is closed
        return b""


def test_a_run_beyond_its_budget_asks_first(tmp_path: Path) -> None:
    """In a terminal the planned range and the budget are shown, and a no writes nothing."""
    code, seen = asked("n\n", tmp_path)
    assert code == 1
    assert "budget $0.001. Samples beyond it are not started. Go on?" in seen
    assert not (tmp_path / "results").exists()


def test_without_a_terminal_nobody_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """The budget alone is kept: a script that waits for no answer goes on, and nothing is planned for it."""

    def unwanted(*_: object, **__: object) -> None:
        raise AssertionError("planned in vain")

    monkeypatch.setattr("unbidden.plan.build.plan", unwanted)
    confirm(resolve(["stock-room"], {}, None), ["unbidden/zealot"], {"unbidden/zealot": PRICE}, 1e-6, None)
