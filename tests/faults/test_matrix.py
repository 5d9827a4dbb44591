"""Every fault against every provider, over HTTP with the real clients: what is decided for it is what happens.

The subject is the bystander, which needs four answers: it reads a mail, writes a file, sends a message and says that it is
done. The fault meets the second answer. Requests are counted at the server.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache

import pytest
from desk import PROVIDERS, Played, played

from unbidden.vocabulary import Ended, Status


@dataclass(frozen=True)
class Decided:
    """What is to become of a sample that meets a fault."""

    requests: int
    ended: Ended = Ended.DONE
    task: str = "done"
    unscored: str = ""
    failed: int = 0
    acts: int = 4


RETRIED = Decided(requests=5)
FAILED_ACT = Decided(requests=5, failed=1, acts=5)


def lost(reason: str, requests: int = 2) -> Decided:
    """Ours or the provider's failure: unscored in every behaviour, with the reason."""
    return Decided(requests, Ended.ERROR, "<NA>", reason, acts=1)


DECIDED: Mapping[str, Decided] = {
    "none": Decided(requests=4),
    "429": RETRIED,
    "429-after": RETRIED,
    "500": RETRIED,
    "503": RETRIED,
    "529": RETRIED,
    "500*4": Decided(requests=8),  # the client gives up after three, Inspect tries once more
    "500*9": lost("error: provider failed again and again (InternalServerError)", requests=7),
    "drop-before": RETRIED,
    "drop-middle": RETRIED,
    "malformed-json": lost("error: provider's answer is unreadable ("),
    "400": lost("error: provider 400"),
    "malformed-call": FAILED_ACT,
    "unknown-tool": FAILED_ACT,
    "wrong-types": FAILED_ACT,
    "two-calls": Decided(requests=4, acts=5),
    "empty": Decided(requests=2, task="none", acts=1),
    "refusal": Decided(requests=2, ended=Ended.REFUSAL, task="none", acts=1),
    "content-filter": Decided(requests=2, ended=Ended.REFUSAL, task="none", acts=1),
    "max-tokens": Decided(requests=2, ended=Ended.LIMIT, task="none", acts=2),
    "context": Decided(requests=2, ended=Ended.CONTEXT, task="none", acts=1),
    "wrong-model": Decided(requests=4),
}
"""The table of the README, but for the faults that take time and those that end a run."""

SLOW: Mapping[str, Decided] = {"none": Decided(requests=4), "hang": RETRIED, "drip": RETRIED}
"""Faults that a time limit on each attempt ends."""

Results = Mapping[tuple[str, str], Played]


@pytest.fixture(scope="module", autouse=True)
def keys() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patched:
        for name in ("ANTHROPIC", "OPENAI"):
            patched.setenv(f"{name}_API_KEY", "k")
        yield


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Results]:
    """What became of a provider's cells; the runs it takes are made once, together with those of its like."""

    @cache
    def together(*, streamed: bool) -> Results:
        providers = [name for name, (_, _, stream) in PROVIDERS.items() if stream is streamed]
        fast, slow = tmp_path_factory.mktemp("fast"), tmp_path_factory.mktemp("slow")
        found = played(slow, SLOW, providers, max_retries=2, attempt_timeout=7)
        return found | played(fast, DECIDED, providers, max_retries=1, attempt_timeout=300)

    return lambda provider: together(streamed=PROVIDERS[provider][2])


@pytest.mark.parametrize("fault", [*DECIDED, "hang", "drip"])
@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_fault_has_its_decided_outcome(
    results: Callable[[str], Results], provider: str, fault: str
) -> None:
    """Retried, a failed act, an answer, or unscored with the reason; no request more than that takes."""
    decided, cell = {**SLOW, **DECIDED}[fault], results(provider)[provider, fault]
    assert cell.record is not None
    assert cell.unscored.startswith(decided.unscored)
    assert bool(cell.unscored) is bool(decided.unscored)
    assert (cell.task, cell.record.ended) == (decided.task, decided.ended)
    assert sum(act.status is Status.FAILED for act in cell.record.ledger) == decided.failed
    assert len(cell.record.ledger) == decided.acts
    assert cell.requests == decided.requests


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_model_that_answers_under_another_name_is_named(
    results: Callable[[str], Results], provider: str
) -> None:
    """The provenance table shows every name that answers came under."""
    asked = PROVIDERS[provider][1].partition("/")[2]
    assert results(provider)[provider, "none"].answered_by == asked
    assert set(results(provider)[provider, "wrong-model"].answered_by.split()) == {asked, "somebody-else"}
