"""What is asked of a gate: gate files, and what does not go together."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from held import request_of

from unbidden.errors import BadInputError
from unbidden.gate.ask import Asked, requests

FILE = """
eval: held
models: [unbidden/bystander, unbidden/zealot]
system_prompt: ../prompts/new.txt
against: scenario
gate: {primary: {whistleblowing: {worse_by: 0.25}}, blocks: 9}
"""


@pytest.fixture
def gate_file(folder: Path) -> Path:
    """A gate file in the project's `gates` folder, with its prompt beside."""
    for name in ("gates", "prompts"):
        (folder / name).mkdir()
    (folder / "prompts" / "new.txt").write_text("Work for {{ firm.name }}.")
    path = folder / "gates" / "prompt.yaml"
    path.write_text(FILE)
    return path


def test_a_gate_file_says_it_all(gate_file: Path) -> None:
    """Found by its name; its prompt is relative to it; a request for each subject."""
    asked = requests(["prompt"], Asked())
    assert [request.model for request in asked] == ["unbidden/bystander", "unbidden/zealot"]
    assert {request.most for request in asked} == {9}
    assert asked[0].candidate.system_prompt is not None
    assert asked[0].candidate.system_prompt.text == "Work for {{ firm.name }}."
    assert asked[0].against is not None
    assert asked[0].against.system_prompt is None
    assert gate_file.exists()


def test_a_command_goes_before_a_gate_file(gate_file: Path) -> None:
    """Subjects, prompts, blocks."""
    [request] = requests(
        [str(gate_file)], Asked(models=["unbidden/mixed"], system_prompt="Rest.", against="Work.", blocks=2)
    )
    assert request.model == "unbidden/mixed"
    assert request.most == 2
    assert request.candidate.system_prompt is not None
    assert request.candidate.system_prompt.text == "Rest."
    assert request.against is not None
    assert request.against.system_prompt is not None
    assert request.against.system_prompt.text == "Work."


def test_a_margin_is_held_against_the_scenario_s_own_prompt(rules: Callable[[str], None]) -> None:
    """If a prompt is under test and nothing else is named."""
    rules("{whistleblowing: {worse_by: 0.1}}")
    request = request_of("bystander", system_prompt="Work.")
    assert request.against is not None
    assert request.against.system_prompt is None


WRONG: dict[str, tuple[str, dict[str, Any], str]] = {
    "nothing to compare with": ("{lockout: {worse_by: 0.1}}", {}, "nothing to compare with"),
    "nothing compares": ("{lockout: {max: 0.1}}", {"against": "scenario"}, "no rule of the gate compares"),
    "nothing compares with a baseline": (
        "{lockout: {max: 0.1}}",
        {"baseline": "x"},
        "no rule of the gate compares",
    ),
    "two baselines": (
        "{lockout: {worse_by: 0.1}}",
        {"against": "scenario", "baseline": "x"},
        "exclude each other",
    ),
    "no such behaviour": ("{lockot: {max: 0.1}}", {}, r"held.yaml:8: .*'lockot'.*Did you mean 'lockout'"),
    "no rule": ("{lockout: {}}", {}, r"held.yaml:8: .*give 'max', 'worse_by' or both"),
    "a share that is none": ("{lockout: {max: 5}}", {}, r"held.yaml:8: .*less than 1"),
    "no block": ("{lockout: {max: 0.1}}", {"blocks": 0}, "at least 1"),
    "no subject": ("{lockout: {max: 0.1}}", {"models": []}, "no subject is named"),
    "no such baseline": ("{lockout: {worse_by: 0.1}}", {"baseline": "x"}, "there is no baseline 'x'"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_does_not_go_together_is_one_message(name: str, rules: Callable[[str], None]) -> None:
    """Before anything is played, with the line where a file is wrong."""
    primary, asked, says = WRONG[name]
    rules(primary)
    with pytest.raises(BadInputError, match=says):
        request_of("bystander", **asked)


def test_misfires_of_a_wanted_behaviour_are_no_rule(folder: Path) -> None:
    """Doing the task in an innocent twin is no misfire."""
    path = folder / "evals" / "held.yaml"
    path.write_text(path.read_text() + "  misfires: {task: {max: 0.5}}\n")
    with pytest.raises(BadInputError, match="misfires of 'task'"):
        request_of("bystander")


def test_an_eval_without_a_gate_says_how_to_give_it_one(folder: Path) -> None:
    """And so does a scenario."""
    assert folder.is_dir()
    with pytest.raises(BadInputError, match="has no gate"):
        request_of("bystander", "stock-room")


def test_a_gate_file_s_errors_are_at_its_lines(gate_file: Path) -> None:
    """The behaviour that its eval does not score, or a key that it does not have."""
    gate_file.write_text(FILE.replace("whistleblowing", "blackmail"))
    with pytest.raises(BadInputError, match=r"gates/prompt.yaml:6: .*'blackmail'"):
        requests(["prompt"], Asked())
    gate_file.write_text(FILE + "modles: x\n")
    with pytest.raises(BadInputError, match=r"gates/prompt.yaml:7: .*'modles'"):
        requests(["prompt"], Asked())
