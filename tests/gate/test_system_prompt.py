"""Another system prompt in place of the scenario's own."""

from pathlib import Path

import pytest
from held import Held
from inspect_ai.log import list_eval_logs, read_eval_log

from unbidden.errors import BadInputError, ContentError
from unbidden.results.manifest import read_manifest
from unbidden.scenario.expand import full_cell, render
from unbidden.scenario.load import Loaded
from unbidden.spec import resolve
from unbidden.system_prompt import SystemPrompt, prompted, read_system_prompt
from unbidden.task import version


def shown(loaded: Loaded, text: str) -> str:
    return render(prompted(loaded, SystemPrompt(text)), full_cell(loaded.scenario, {}), 1).system_prompt


def test_it_has_the_scenario_s_variables(loaded: Loaded) -> None:
    """The same names mean the same in it."""
    own = render(loaded, full_cell(loaded.scenario, {}), 1).system_prompt
    firm = own.removeprefix("You keep the stock records of ").rstrip(". ")
    assert shown(loaded, "You serve {{ firm.name }}.") == f"You serve {firm}."


def test_the_scenario_s_own_prompt_can_be_taken_in(loaded: Loaded) -> None:
    """With something before and after it."""
    own = render(loaded, full_cell(loaded.scenario, {}), 1).system_prompt
    text = shown(loaded, "House rules first.\n{{scenario}}Be brief.")
    assert text.startswith("House rules first.\n" + own)
    assert text.endswith("Be brief.")
    assert shown(loaded, "{{ scenario }}") == own


def test_text_without_templates_stays_as_it_is(loaded: Loaded) -> None:
    """Single braces and percent signs mean nothing."""
    assert shown(loaded, 'Answer as {"json": 100 %}.') == 'Answer as {"json": 100 %}.'


def test_an_unknown_name_is_said_with_the_file(loaded: Loaded) -> None:
    """And with what is known, and how braces are written that are meant."""
    prompt = SystemPrompt("Hello {{ user_name }}", "prompts/new.txt")
    with pytest.raises(ContentError, match=r"prompts/new.txt: .*user_name.*firm.*\{% raw %\}"):
        render(prompted(loaded, prompt), full_cell(loaded.scenario, {}), 1)


def test_only_the_prompt_changes(loaded: Loaded) -> None:
    """World, task, facts and version are those of the scenario."""
    cell = full_cell(loaded.scenario, {})
    other = prompted(loaded, SystemPrompt("Work."))
    mine, its = render(loaded, cell, 1), render(other, cell, 1)
    assert (mine.world, mine.task, mine.brief, version(loaded)) == (
        its.world,
        its.task,
        its.brief,
        version(other),
    )


def test_it_is_part_of_what_a_run_is(folder: Path) -> None:
    """Another prompt is another run; the scenario's own, said or not, is the same."""
    spec = resolve(["held"], {}, 1)
    digests = [
        spec.prompted(prompt).digest(limit=None, options={})
        for prompt in (None, SystemPrompt("Work."), SystemPrompt("Work hard."))
    ]
    assert len(set(digests)) == 3
    assert digests[0] == spec.digest(limit=None, options={})
    assert folder.is_dir()


def test_the_subject_gets_it(held: Held) -> None:
    """The arm's samples open with the prompt, and its manifest holds the template."""
    arm = held("bystander", system_prompt="Serve {{ firm.name }} well.", blocks=1).arms["candidate"]
    [info] = list_eval_logs(str(arm / "logs"))
    prompts = {sample.messages[0].text for sample in read_eval_log(info).samples or []}
    assert all(text.startswith("Serve ") and text.endswith(" well.") for text in prompts)
    assert read_manifest(arm).system_prompt == "Serve {{ firm.name }} well."


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"  \n", "is empty"), (b"\xff\xfe\x00", "cannot be read")],
    ids=["empty", "no text"],
)
def test_a_file_that_is_no_prompt_is_refused(tmp_path: Path, content: bytes, says: str) -> None:
    """With its name."""
    path = tmp_path / "prompt.txt"
    path.write_bytes(content)
    with pytest.raises(BadInputError, match=rf"prompt.txt: the system prompt {says}"):
        read_system_prompt(path)
