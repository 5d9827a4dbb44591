"""When a run gives up on a model, and that it goes on with everything else."""

from pathlib import Path

import pytest
from inspect_ai.log import EvalError
from serving.server import Server

from unbidden.errors import BadInputError
from unbidden.patience import Patience
from unbidden.results.failure import reason
from unbidden.results.rows import read_verdicts
from unbidden.run import Request, run
from unbidden.spec import resolve

pytestmark = pytest.mark.usefixtures("project")

HOPELESS = {
    "anthropic/claude-3-opus~bystander": "anthropic",
    "openai/gpt-4o~bystander": "chat",
    "openai/gpt-5~bystander": "responses",
}


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ANTHROPIC", "OPENAI", "X"):
        monkeypatch.setenv(f"{name}_API_KEY", "k")


def request(folder: Path, server: Server, *models: str, replicates: int, share: float = 0.2) -> Request:
    options = {"model_base_url": server.url, "max_retries": 0, "max_samples": 1}
    return Request(resolve(["stock-room"], {}, replicates), models, folder, options=options, max_errors=share)


@pytest.mark.parametrize(
    ("fault", "said"), [("401", "the key is refused"), ("404", "there is no such model or address")]
)
def test_a_key_or_name_that_is_refused_ends_that_model_at_once(tmp_path: Path, fault: str, said: str) -> None:
    """One sample finds it out; the others are not started, another model of the run is not touched, and the user is told."""
    models = [f"{model}+{fault}*99" for model in HOPELESS]
    with Server() as server:
        outcome = run(request(tmp_path, server, "openai-api/x/bystander", *models, replicates=2))
    played = [seen for seen in server.seen if "stock records" in seen.opening]
    assert sorted(seen.format for seen in played if seen.fault) == sorted(HOPELESS.values())
    table = read_verdicts(outcome.folder).groupby("subject")["unscored"]
    for model in models:
        reasons = table.get_group(model)
        assert list(reasons).count(f"error: provider {fault}") == 3  # one sample's three behaviours
        assert list(reasons).count("not-run") == 9
        assert f"Gave up on {model}: {said} (" in (outcome.stopped or "")
    assert (table.get_group("openai-api/x/bystander") == "").all()
    assert not outcome.complete


class Broken:
    """Every request is answered with the fault, as long as it has one."""

    def __init__(self) -> None:
        self.now: str | None = None

    def fault(self, asked: object) -> str | None:  # noqa: ARG002
        return self.now


def test_too_many_failures_end_a_model_and_the_same_command_goes_on(tmp_path: Path) -> None:
    """At half of ten samples failed nothing more is started; when the provider is well again, all ten are played."""
    plan = Broken()
    with Server(plan=plan) as server:
        wanted = request(tmp_path, server, "openai/gpt-4o~bystander", replicates=5, share=0.5)
        plan.now = "400"
        first = run(wanted)
        plan.now = None
        second = run(wanted)
    assert (first.played, first.complete) == (5, False)
    assert (
        first.stopped
        == "Gave up on openai/gpt-4o~bystander: 5 of its 10 samples failed, the last one with: provider 400. 5 of its samples were not started."
    )
    assert (second.played, second.complete, second.stopped) == (10, True, None)


def test_one_bad_sample_ends_nothing(tmp_path: Path) -> None:
    """In a run of two samples, one that fails is half of them, and the other is played and scored all the same."""

    class First(Broken):
        def fault(self, asked: object) -> str | None:  # noqa: ARG002
            was, self.now = self.now, None
            return was

    plan = First()
    plan.now = "400"
    with Server(plan=plan) as server:
        outcome = run(request(tmp_path, server, "openai/gpt-4o~bystander", replicates=1))
    reasons = read_verdicts(outcome.folder)["unscored"]
    assert sorted(set(reasons)) == ["", "error: provider 400"]
    assert (outcome.played, outcome.stopped) == (2, None)


@pytest.mark.parametrize("share", [0.0, 1.5])
def test_a_share_is_between_none_and_all(share: float) -> None:
    """Anything else is refused before a call is made."""
    with pytest.raises(BadInputError, match="is no share"):
        Patience(10, share)


@pytest.mark.parametrize(
    ("message", "traceback", "expected"),
    [
        ("Error code: 401 - {'request_id': 'req_01'}", "", "provider 401"),
        ("ModelGenerateError('Request: he wrote Error code: 401 - ha\n\nBadRequestError(\"Error code: 400 - no\")')", "", "provider 400"),
        ("RetryError(<Future at 0x7f9444 state=finished raised APITimeoutError>)", "", "provider failed again and again (APITimeoutError)"),
        ("JSONDecodeError('x')", "File inspect_ai/model/_providers/openai.py", "provider's answer is unreadable (JSONDecodeError)"),
        ("JSONDecodeError('x')", "File unbidden/world/state.py", "JSONDecodeError('x')"),
        ("RuntimeError('Error code: 401')", "", "RuntimeError('Error code: 401')"),
        ("", "", "(no message)"),
        ("CancelledError('Cancelled via cancel scope 7f1d44533d80')", "", "interrupted"),
        ("Error code: 401 - {}", "File unbidden/scoring/judge.py", "judge: provider 401"),
    ],
)  # fmt: skip
def test_the_reason_of_a_failure_is_the_same_each_time(message: str, traceback: str, expected: str) -> None:
    """No address, no request and no id in it, and nothing the subject wrote passes for what the provider said."""
    assert reason(EvalError(message=message, traceback=traceback, traceback_ansi="")) == expected
