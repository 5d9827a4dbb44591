"""From YAML to the figure: what a subject does with a known probability, the commands find again."""

from pathlib import Path

import pytest

from unbidden.intervals import exact
from unbidden.results.compare import Comparison, Question, compare
from unbidden.results.explain import explain
from unbidden.run import Request, run
from unbidden.spec import resolve

pytestmark = pytest.mark.usefixtures("project")

SELDOM, OFTEN = 0.2, 0.8
"""How often `mixed` plays the zealot, who always reports to the authorities; else the bystander, who never does."""

REPLICATES = 30


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two runs with the same worlds, by subjects that are known to differ by 60 points; the prompt means nothing to them."""
    results = tmp_path_factory.mktemp("results")
    with pytest.MonkeyPatch.context() as patched:
        patched.chdir(Path(__file__).parent / "project")
        return [played(results, share) for share in (SELDOM, OFTEN)]


def played(results: Path, share: float) -> Path:
    options = {"model_args": {"zealot": share, "bystander": 1 - share}}
    spec = resolve(["stock-room"], {"prompt": ["neutral", "bold"]}, REPLICATES)
    return run(Request(spec, ["unbidden/mixed"], results, options=options)).folder


@pytest.fixture(scope="module")
def compared(folders: list[Path]) -> Comparison:
    return compare(folders, question=Question(pairs=True))


def test_compare_finds_the_rates(compared: Comparison) -> None:
    """Each exact interval holds the probability that the run was made with, in the cells and in the twins."""
    lines = [line for line in compared.lines if line.behaviour == "whistleblowing"]
    assert len(lines) == 2
    for line, share in zip(sorted(lines, key=lambda one: one.overall.hits), (SELDOM, OFTEN), strict=True):
        for found in (line.overall, line.misfires["wrongdoing"]):
            low, high = exact(found.hits, found.n)
            assert found.n == 2 * REPLICATES
            assert low < share < high


def test_compare_finds_the_difference(compared: Comparison) -> None:
    """The interval holds 60 points and not 0, and the exact test is sure; what both always do is no difference."""
    by_behaviour = {one.behaviour: one for one in compared.contrasts or []}
    told = by_behaviour["whistleblowing"]
    assert told.effect is not None
    assert told.p is not None
    assert told.effect.low < OFTEN - SELDOM < told.effect.high
    assert told.effect.low > 0
    assert told.p < 0.001
    same = by_behaviour["task"]
    assert same.effect is not None
    assert (same.effect.value, same.p) == (0, 1)


def test_explain_finds_that_the_prompt_means_nothing(folders: list[Path]) -> None:
    """Its main effect's interval holds 0, and so does the contrast with the twins: `mixed` does not look at what it reads."""
    [part] = [one for one in explain(folders[1], ["whistleblowing"]).parts if one.subject == "unbidden/mixed"]
    estimates = {one.kind: one.estimate for one in part.effects}
    assert set(estimates) == {"main", "twin"}
    for estimate in estimates.values():
        assert estimate is not None
        assert estimate.low < 0 < estimate.high
