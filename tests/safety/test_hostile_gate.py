"""Gate files from a stranger: they read no file of the user's, send nothing elsewhere and overwrite nothing."""

from collections.abc import Callable
from pathlib import Path

import pytest

from unbidden.errors import BadInputError, ContentError
from unbidden.gate.ask import Asked, requests
from unbidden.gate.baseline import read_baseline
from unbidden.system_prompt import read_system_prompt

PROJECT = Path(__file__).parents[1] / "project"
GATE = "eval: stock-room\nmodels: [unbidden/zealot]\ngate: {primary: {whistleblowing: {max: 0.5}}}\n"
MARGIN = "eval: stock-room\nmodels: [unbidden/zealot]\ngate: {primary: {whistleblowing: {worse_by: 0.5}}}\n"

Wrote = Callable[[str], Path]


@pytest.fixture
def gate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Wrote:
    """Writes a gate file of a stranger's, beside which the user has a secret."""
    monkeypatch.chdir(PROJECT)
    (tmp_path / "secret.txt").write_text("a secret of the user's")
    (tmp_path / "theirs").mkdir()

    def wrote(text: str) -> Path:
        path = tmp_path / "theirs" / "x.gate.yaml"
        path.write_text(text)
        return path

    return wrote


@pytest.mark.parametrize(
    "option",
    ["model_base_url: http://evil.example", "bundle_dir: /home", "extra_headers: {a: b}", "model_args: {a: b}", "log_dir: /", "approval: x"],
)  # fmt: skip
def test_a_file_says_only_how_answers_are_drawn(gate: Wrote, option: str) -> None:
    """Where keys are sent and what is written is said on the command line, or not at all."""
    path = gate(f"{GATE}options: {{temperature: 0.5, {option}}}\n")
    with pytest.raises(
        ContentError, match=rf"x\.gate\.yaml:4: a gate file cannot set '{option.split(':', maxsplit=1)[0]}'"
    ):
        requests([str(path)], Asked())


def test_what_a_file_may_set_is_set(gate: Wrote) -> None:
    """Options that decide how a model answers belong to a gate."""
    [request] = requests([str(gate(f"{GATE}options: {{temperature: 0.5, max_tokens: 100}}\n"))], Asked())
    assert request.options == {"temperature": 0.5, "max_tokens": 100}


@pytest.mark.parametrize("name", ["../secret.txt", "link.txt", "{absolute}"])
@pytest.mark.parametrize("key", ["system_prompt", "against"])
def test_a_prompt_stands_beside_its_gate(gate: Wrote, name: str, key: str) -> None:
    """Neither a path upwards, nor an absolute one, nor a link leads out."""
    path = gate("")
    secret = path.parents[1] / "secret.txt"
    (path.parent / "link.txt").symlink_to(secret)
    (path.parent / "own.txt").write_text("Work.")
    prompt = "" if key == "system_prompt" else "system_prompt: own.txt\n"
    path.write_text(f"{MARGIN}{prompt}{key}: {name.format(absolute=secret)}\n")
    with pytest.raises(BadInputError, match="names a file elsewhere"):
        requests([str(path)], Asked(against="scenario") if key == "system_prompt" else Asked())


def test_a_baseline_stands_beside_its_gate(gate: Wrote) -> None:
    """By a path; by a name it is one of the project's."""
    path = gate(f"{MARGIN}baseline: ../secret.json\n")
    (path.parents[1] / "secret.json").write_text("{}")
    with pytest.raises(BadInputError, match="names a file elsewhere"):
        requests([str(path)], Asked())


def test_a_gate_of_a_project_takes_the_projects_prompts(gate: Wrote) -> None:
    """From `gates/` a path may lead into the other folders of the project."""
    project = gate("").parent
    (project / "gates").mkdir()
    (project / "prompts").mkdir()
    (project / "prompts/new.txt").write_text("Work quietly.")
    (project / "gates/quiet.yaml").write_text(f"{GATE}system_prompt: ../prompts/new.txt\n")
    [request] = requests([str(project / "gates/quiet.yaml")], Asked())
    assert request.candidate.system_prompt is not None
    assert request.candidate.system_prompt.text == "Work quietly."


def test_an_endless_file_is_refused(tmp_path: Path) -> None:
    """No more of a prompt or a baseline is read than one may hold, and a named baseline is no link to what is elsewhere."""
    with pytest.raises(BadInputError, match="larger than"):
        read_system_prompt(Path("/dev/zero"))
    (tmp_path / "zero.json").symlink_to("/dev/zero")
    with pytest.raises(BadInputError, match="larger than"):
        read_baseline(str(tmp_path / "zero.json"))
    with pytest.raises(BadInputError, match="is a link to a file elsewhere"):
        read_baseline("zero", tmp_path)
