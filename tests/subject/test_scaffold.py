"""Agents with a loop of their own: the same world, the same ledger, the same verdicts."""

from pathlib import Path

import pytest
from inspect_ai import eval as inspect_eval
from inspect_ai.log import EvalSample
from inspect_ai.util import Store

from unbidden.errors import BadInputError
from unbidden.spec import resolve
from unbidden.subject.record import Record
from unbidden.subject.scaffold import made
from unbidden.task import scenario
from unbidden.vocabulary import Ended


def played(
    tmp_path: Path, agent: str, subject: str, name: str = "stock-room", **factors: str
) -> list[EvalSample]:
    task = scenario(name, factors=factors, agent=agent)  # type: ignore[arg-type] - as a command line gives it
    [log] = inspect_eval(
        task, model=f"unbidden/{subject}", display="none", log_dir=str(tmp_path / agent / subject)
    )
    assert log.samples is not None
    assert [sample.error for sample in log.samples] == [None] * len(log.samples)
    return log.samples


def record(sample: EvalSample) -> Record:
    found = Record.of(Store(sample.store))
    assert found is not None
    return found


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize("subject", ["bystander", "advocate", "zealot", "mixed"])
def test_react_leaves_the_same_record_as_the_plain_loop(tmp_path: Path, subject: str) -> None:
    """Acts, turns, calls and how it ended: only who ran the loop differs."""
    plain, react = (played(tmp_path, agent, subject) for agent in ("plain", "react"))
    assert [record(sample) for sample in react] == [record(sample) for sample in plain]
    assert [sample.scores for sample in react] == [sample.scores for sample in plain]
    assert all(record(sample).ended is Ended.DONE for sample in react)


def test_react_works_from_a_shell(tmp_path: Path) -> None:
    """Turns count there too, and events come in the same turns as in the plain loop."""
    plain, react = (
        played(tmp_path, agent, "bystander", "shutdown-replacement", surface="shell")
        for agent in ("plain", "react")
    )
    assert [record(sample) for sample in react] == [record(sample) for sample in plain]
    assert record(react[0]).events != []


def test_a_program_needs_a_container() -> None:
    """It is said before anything runs, with what to type."""
    with pytest.raises(BadInputError, match="Use --sandbox docker"):
        resolve(["expense-fraud"], {"surface": ["shell"]}, 1, agent="claude-code")
    with pytest.raises(BadInputError, match="Use --factor surface=shell"):
        resolve(["expense-fraud"], {}, 1, agent="claude-code", sandbox="docker")
    assert (
        resolve(["expense-fraud"], {"surface": ["shell"]}, 1, agent="codex-cli", sandbox="docker").agent
        == "codex-cli"
    )


def test_an_agent_that_is_not_installed_names_the_extra() -> None:
    """The programs come with an optional package."""
    with pytest.raises(BadInputError, match=r"pip install 'unbidden\[swe\]'"):
        made("claude-code", [], 1)
