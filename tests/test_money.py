"""Money: what model calls use is counted by model and part, a budget stops cleanly, and an unknown price is never zero."""

import io
from pathlib import Path
from typing import Any

import pytest
from inspect_ai.log import list_eval_logs, read_eval_log
from inspect_ai.model import (
    ChatCompletionChoice,
    ChatMessage,
    ChatMessageAssistant,
    GenerateConfig,
    ModelOutput,
    ModelUsage,
    modelapi,
)
from inspect_ai.model._model_info import clear_model_info_cache
from inspect_ai.tool import ToolCall, ToolChoice, ToolInfo
from own_models import OwnModel
from rich.console import Console

from unbidden.errors import BadInputError
from unbidden.prices import prices_from
from unbidden.results.rows import read_verdicts
from unbidden.run import Outcome, Request, run
from unbidden.spec import resolve
from unbidden.world import files

pytestmark = pytest.mark.usefixtures("project")

PRICES = {"input": 1.0, "output": 10.0, "input_cache_write": 2.0, "input_cache_read": 0.1}
"""Dollars for a million tokens."""

CALL = ModelUsage(
    input_tokens=1_000_000,
    output_tokens=100_000,
    input_tokens_cache_read=10_000_000,
    input_tokens_cache_write=500_000,
    total_tokens=11_600_000,
)
"""One call: by `PRICES` 1 dollar to read, 1 to write, 1 from the cache and 1 into it."""

CALL_COSTS = 4.0


SEEN: list[GenerateConfig] = []
"""What the calls of a test were configured with."""


@modelapi(name="meter")
class Meter(OwnModel):
    """Ends its turn with a word as a subject, and names no fact as a judge; every call uses `CALL`."""

    async def generate(
        self,
        input: list[ChatMessage],  # noqa: A002 - Inspect's interface
        tools: list[ToolInfo],
        tool_choice: ToolChoice,  # noqa: ARG002
        config: GenerateConfig,
    ) -> ModelOutput:
        SEEN.append(config)
        calls = None
        if [tool.name for tool in tools] == ["give_answer"]:
            act = input[-1].text.rsplit("Answer for the act ", 1)[1].rstrip(".")
            calls = [ToolCall("c", "give_answer", {"facts": [], "acts": [act], "span": ""})]
        message = ChatMessageAssistant(content="Nothing to do.", tool_calls=calls)
        choice = ChatCompletionChoice(message=message, stop_reason="stop")
        return ModelOutput(model=self.model_name, choices=[choice], usage=CALL.model_copy())


@pytest.fixture(autouse=True)
def own_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Inspect keeps prices in the process and a judge's answers on the disk; not from one test to the next."""
    monkeypatch.setenv("INSPECT_CACHE_DIR", str(tmp_path / "cache"))
    SEEN.clear()
    clear_model_info_cache()


def request(
    results: Path, *models: str, prices: dict[str, Any] | None = None, replicates: int = 1, **given: Any
) -> Request:
    options = {"max_samples": 1, **given.pop("options", {})}
    if prices is not None:
        options["model_cost_config"] = prices
    spec = resolve(["stock-room"], {}, replicates, graders=given.pop("graders", ()))
    return Request(spec, models, results, options=options, **given)


def written(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def console() -> Console:
    return Console(file=io.StringIO(), width=120)


def played(outcome: Outcome) -> list[str]:
    table = read_verdicts(outcome.folder)
    return table[table["behaviour"] == "task"]["unscored"].tolist()


def test_each_model_is_counted_by_what_it_does(tmp_path: Path) -> None:
    """Calls, tokens and cost of subject and judge, as in the logs, even where both are the same model."""
    prices = {"meter/one": PRICES, "unbidden/zealot": PRICES}
    outcome = run(request(tmp_path, "unbidden/zealot", "meter/one", graders=["meter/one"], prices=prices))
    accounts = outcome.spending.accounts
    assert set(accounts) == {
        ("unbidden/zealot", "subject"),
        ("meter/one", "subject"),
        ("meter/one", "judge"),
    }
    assert accounts["meter/one", "subject"].use == (2, 2e6, 2e7, 1e6, 2e5)  # two samples of one call
    assert accounts["meter/one", "subject"].cost == pytest.approx(2 * CALL_COSTS)
    judge = accounts["meter/one", "judge"]
    assert judge.use.calls > 0
    assert judge.cost == pytest.approx(judge.use.calls * CALL_COSTS)
    logs = [read_eval_log(info) for info in list_eval_logs(str(outcome.folder / "logs"))]
    events = [event for log in logs for sample in log.samples or [] for event in sample.events]
    models = [event for event in events if event.event == "model"]
    assert sum(event.role == "grader" and event.cache != "read" for event in models) == judge.use.calls
    assert sum(event.cache == "read" for event in models) == judge.repeated
    zealot = [event.output.usage for event in models if event.model == "unbidden/zealot"]
    used = accounts["unbidden/zealot", "subject"].use
    assert used.calls == len(zealot)
    assert used.output == sum(usage.output_tokens for usage in zealot if usage)


def test_a_second_run_in_the_process_is_counted_once(tmp_path: Path) -> None:
    """Each run counts its own calls, and a finished run's count stays what it was."""
    prices = {"meter/one": PRICES}
    first = run(request(tmp_path / "a", "meter/one", prices=prices))
    second = run(request(tmp_path / "b", "meter/one", prices=prices))
    again = run(request(tmp_path / "b", "meter/one", prices=prices))
    assert [outcome.spending.cost for outcome in (first, second, again)] == [
        2 * CALL_COSTS,
        2 * CALL_COSTS,
        0,
    ]
    assert [outcome.played for outcome in (first, second, again)] == [2, 2, 0]


def test_a_sample_that_is_tried_again_counts_once_and_pays_each_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bar counts samples, the money counts calls: those of failed attempts were made too."""

    def broken(*_: object) -> str:
        raise RuntimeError("the disk is on fire")

    prices = {"unbidden/zealot": PRICES}
    whole = run(request(tmp_path / "whole", "unbidden/zealot", prices=prices))
    monkeypatch.setattr(files, "write_file", broken)
    once = run(request(tmp_path / "once", "unbidden/zealot", prices=prices))
    retried = request(tmp_path / "thrice", "unbidden/zealot", prices=prices, options={"retry_on_error": 2})
    thrice = run(retried)
    assert (whole.played, once.played, thrice.played) == (2, 2, 2)
    assert thrice.spending.cost == pytest.approx(3 * once.spending.cost)


def test_every_line_of_progress_tells_the_money(tmp_path: Path) -> None:
    """In a pipe, each count line names each model with calls, tokens and cost; a table ends the run."""
    out = console()
    run(request(tmp_path, "meter/one", prices={"meter/one": PRICES}, console=out))
    lines = written(out).splitlines()
    assert lines[0] == "1 of 2 samples; meter/one: 1 call, 11,500,000 tokens in, 100,000 out, $4.00"
    [row] = [line.split() for line in lines if line.strip().startswith("meter/one")]
    assert row == ["meter/one", "subject", "2", "23,000,000", "20,000,000", "200,000", "$8.00"]


def test_an_unknown_price_is_said_to_be_unknown(tmp_path: Path) -> None:
    """It is neither zero nor left out, and what to do about it is said."""
    out = console()
    outcome = run(request(tmp_path, "meter/one", prices={}, console=out))
    assert outcome.spending.unpriced() == ["meter/one"]
    assert "price unknown" in written(out)
    assert "The price of meter/one is unknown: give it with --prices." in written(out)
    assert "$" not in written(out)


def test_a_budget_needs_every_price(tmp_path: Path) -> None:
    """The judge's too; nothing is written before that is said."""
    asked = request(
        tmp_path, "unbidden/zealot", graders=["meter/judge"], prices={"unbidden/zealot": PRICES}, max_cost=1.0
    )
    with pytest.raises(BadInputError, match="price of meter/judge is unknown"):
        run(asked)
    assert not any(tmp_path.glob("stock-room*"))


def test_scripts_cost_nothing_unless_priced(tmp_path: Path) -> None:
    """A budget over scripted subjects alone can be kept without prices, and nothing is spent of it."""
    outcome = run(request(tmp_path, "unbidden/bystander", max_cost=0.01))
    assert (outcome.spending.cost, outcome.spending.unpriced(), outcome.stopped) == (0, [], None)


def test_a_spent_budget_stops_scores_and_goes_on(tmp_path: Path) -> None:
    """Six samples at 4 dollars and a budget of 10: three are played and scored; each command has a budget of its own."""
    prices = {"meter/one": PRICES}
    first = run(request(tmp_path, "meter/one", prices=prices, replicates=3, max_cost=10.0))
    assert (first.played, first.complete) == (3, False)
    assert first.stopped == "Stopped at the budget: $12.00 of $10.00 spent, 3 samples not started."
    assert sorted(played(first)) == ["", "", "", "not-run", "not-run", "not-run"]
    second = run(request(tmp_path, "meter/one", prices=prices, replicates=3, max_cost=100.0))
    assert (second.folder, second.played, second.stopped, second.complete) == (first.folder, 3, None, True)
    assert second.spending.cost == pytest.approx(3 * CALL_COSTS)


def test_the_judge_spends_of_the_budget(tmp_path: Path) -> None:
    """A subject that costs nothing with a judge that does: the judge's calls end the run."""
    asked = request(
        tmp_path, "unbidden/zealot", graders=["meter/judge"], prices={"meter/judge": PRICES}, max_cost=1.0
    )
    outcome = run(asked)
    assert outcome.stopped is not None
    assert outcome.played == 1
    assert outcome.spending.accounts["unbidden/zealot", "subject"].cost == 0


@pytest.mark.parametrize(
    "given",
    [
        {"meter/one": {"input": 1.0}},
        {"meter/one": PRICES | {"output": -1}},
        {"meter/one": PRICES | {"per": 5}},
        ["meter/one"],
        {"meter/one": 5},
    ],
)
def test_prices_that_are_none_are_refused(given: Any) -> None:
    """A price that is missing, negative or of another form is bad input, and the form is shown."""
    with pytest.raises(BadInputError, match="Write dollars for a million tokens"):
        prices_from(given)


def test_prices_come_from_a_file_or_a_mapping(tmp_path: Path) -> None:
    """The two forms that Inspect's own option has give the same prices."""
    path = tmp_path / "prices.yaml"
    path.write_text("meter/one: {input: 1, output: 10, input_cache_write: 2, input_cache_read: 0.1}\n")
    assert prices_from(str(path)) == prices_from({"meter/one": PRICES})


def test_caching_and_batches_reach_the_model_and_are_the_same_run(tmp_path: Path) -> None:
    """`--inspect cache_prompt=true` and `batch=true` arrive in the model's configuration and change no run's identity."""
    plain = run(request(tmp_path, "meter/one"))
    asked = request(tmp_path, "meter/one", fresh=True, options={"cache_prompt": True, "batch": 10})
    options = run(asked)
    assert options.folder.name == f"{plain.folder.name}-2"
    assert [(config.cache_prompt, config.batch) for config in SEEN] == [(None, None)] * 2 + [(True, 10)] * 2
