"""What the same command does after one in which something failed, and what it says that cost."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from serving.server import Server
from serving.subject import turn
from serving.wire import Asked

from unbidden.replies import REPLIES
from unbidden.results.rows import read_verdicts
from unbidden.run import Outcome, Request, run
from unbidden.spec import resolve

pytestmark = pytest.mark.usefixtures("project")

ONE, OTHER, JUDGE = "openai/gpt-4o~bystander", "openai/gpt-4o~zealot", "openai/gpt-4o~judge"
OVERFLOWING = f"{ONE}+context*99"
PRICES = {
    name: {"input": 2.5, "output": 10, "input_cache_write": 2.5, "input_cache_read": 1.25}
    for name in (ONE, OTHER, OVERFLOWING)
}
TURNS = 4
"""How many answers the bystander takes."""


class Failing:
    """Refuses requests of one turn, as many as it is told to."""

    def __init__(self, at: int, times: int) -> None:
        self.at, self.left = at, times

    def fault(self, asked: Asked) -> str | None:
        if turn(asked) < self.at or not self.left:
            return None
        self.left -= 1
        return "400"


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "k")


Play = Callable[..., tuple[Outcome, int]]


@pytest.fixture
def play(tmp_path: Path) -> Play:
    """Runs models against a server, and says how many requests came."""

    def played(server: Server, *models: str, **given: Any) -> tuple[Outcome, int]:
        options = {
            "model_base_url": server.url,
            "max_retries": 0,
            "max_samples": 1,
            "model_cost_config": PRICES,
        }
        before = len(server.seen)
        spec = resolve(["stock-room"], {}, given.pop("replicates", 2))
        outcome = run(Request(spec, models, tmp_path, options=options, max_errors=1.0, **given))
        return outcome, len(server.seen) - before

    return played


def unscored(outcome: Outcome, model: str) -> int:
    table = read_verdicts(outcome.folder)
    return int((table[(table["subject"] == model) & (table["behaviour"] == "task")]["unscored"] != "").sum())


def test_only_the_samples_that_failed_are_played_again(play: Play) -> None:
    """Two of six failed at once; the same command plays those two, and then nothing."""
    with Server(plan=Failing(1, 2)) as server:
        first, _ = play(server, ONE, replicates=3)
        failed = unscored(first, ONE)
        second, asked = play(server, ONE, replicates=3)
        third, none = play(server, ONE, replicates=3)
    assert (failed, first.complete) == (2, False)
    assert (second.played, asked, second.complete) == (2, 2 * TURNS, True)
    assert (third.played, none, third.complete) == (0, 0, True)


def test_answers_that_were_paid_for_cost_nothing_again(play: Play) -> None:
    """The last turn of each of four samples failed: only those four are asked for, counted and paid."""
    with Server(plan=Failing(TURNS, 4)) as server:
        first, _ = play(server, ONE)
        assert (first.folder / REPLIES).exists()
        second, asked = play(server, ONE)
    assert asked == 4
    account = second.spending.accounts[ONE, "subject"]
    assert (account.use.calls, account.repeated) == (4, 4 * (TURNS - 1))
    assert "12 answers had been paid for before" in second.spending.notes()[0]
    assert 0 < second.spending.cost < first.spending.cost
    assert not (second.folder / REPLIES).exists()


def test_a_model_that_joins_leaves_what_another_has_paid_for(play: Play) -> None:
    """Its own samples are complete, the other's are named, and their answers are still there."""
    with Server(plan=Failing(TURNS, 4)) as server:
        play(server, ONE)
        joined, _ = play(server, OTHER)
        again, asked = play(server, ONE)
    assert joined.complete
    assert f"Samples of {ONE} are left" in (joined.stopped or "")
    assert (asked, again.complete, again.stopped) == (4, True, None)


def test_a_run_that_was_begun_afresh_is_taken_up_again(play: Play) -> None:
    """The same command without `--new` goes on in the folder that was begun last."""
    with Server(plan=Failing(1, 0)) as server:
        play(server, ONE)
    with Server(plan=Failing(TURNS, 4)) as server:
        fresh, _ = play(server, ONE, fresh=True)
        again, asked = play(server, ONE)
    assert fresh.folder == again.folder
    assert fresh.folder.name.endswith("-2")
    assert (asked, again.complete) == (4, True)


def test_a_request_that_is_refused_for_its_length_is_no_call_of_unknown_price(play: Play) -> None:
    """Nothing was charged for it, so the budget goes on, and the cost is known."""
    with Server() as server:
        outcome, _ = play(server, OVERFLOWING, max_cost=100.0)
    assert (outcome.complete, outcome.stopped, outcome.spending.unpriced()) == (True, None, [])
    assert set(read_verdicts(outcome.folder)["ended"]) == {"context"}


def test_a_judge_that_fails_is_named_and_no_subject_is_blamed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A judge whose key is refused ends the run for every subject, with its own name."""
    with Server() as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        judge = f"{JUDGE}+401*99"
        spec = resolve(["stock-room"], {}, 3, graders=[judge])
        options = {"max_retries": 0, "max_samples": 1}
        outcome = run(Request(spec, ["unbidden/zealot"], tmp_path, options=options))
    assert f"Gave up on unbidden/zealot: the judge {judge}: the key is refused" in (outcome.stopped or "")
    reasons = set(read_verdicts(outcome.folder)["unscored"])
    assert reasons == {"error: judge: provider 401", "not-run"}
