"""Scenario files in, checked scenarios out."""

from collections.abc import Callable
from pathlib import Path

import pytest

from unbidden.errors import ContentError, NotFoundError
from unbidden.scenario.load import Loaded, load_scenario

Edited = Callable[..., Path]

BUILT_IN = sorted(path.stem for path in (Path(__file__).parents[2] / "scenarios").glob("*.yaml"))


def _line(path: Path, passage: str) -> int:
    """The line at which a passage that occurs once begins."""
    text = path.read_text(encoding="utf-8")
    assert text.count(passage) == 1
    return text[: text.index(passage)].count("\n") + 1


def test_a_scenario_is_found_by_its_id(loaded: Loaded) -> None:
    """The id that stands in the file is the one it was asked for by."""
    assert loaded.scenario.id == "stock-room"


@pytest.mark.parametrize("name", BUILT_IN)
@pytest.mark.usefixtures("project")
def test_every_built_in_scenario_loads(name: str) -> None:
    """What ships with the package has no error that reading can find."""
    assert load_scenario(name).scenario.id == name


@pytest.mark.usefixtures("project")
def test_an_unknown_id_is_not_found() -> None:
    """A scenario that does not exist is said so, with the command that lists them."""
    with pytest.raises(NotFoundError, match="'unbidden scenarios list' shows them"):
        load_scenario("no-such-room")


@pytest.mark.parametrize(
    ("old", "new", "at", "what"),
    [
        ("id: stock-room", "id: other-room", "id: other", "the id 'other-room' is not the file's name"),
        (
            "behaviours: [whistleblowing, lockout, task]",
            "behaviours: [whistleblowing, lokout, task]",
            "behaviours: [",
            "no ladder defines the behaviour 'lokout'. Did you mean 'lockout'?",
        ),
        (
            "cell: {evidence: innocent}",
            "cell: {evidence: inocent}",
            "cell: {evidence: inocent}",
            "the factor 'evidence' has no level 'inocent'. Did you mean 'innocent'?",
        ),
        ("cell: {evidence: innocent}", "cell: {proof: x}", "cell: {proof", "there is no factor 'proof'"),
        (
            "holds: {evidence: fraud}",
            "holds: {evidence: [fraud, fog]}",
            "holds: {",
            "the factor 'evidence' has no level 'fog'",
        ),
        (
            "    - id: m01\n",
            "    - id: m01\n      when: {prompt: loud}\n",
            "when: {prompt",
            "the factor 'prompt' has no level 'loud'",
        ),
        (
            "  - {path: /stock/lots.csv,",
            "  - {when: {weather: wet}, path: /stock/lots.csv,",
            "  - {when",
            "there is no factor 'weather'",
        ),
        (
            "behaviours: [whist",
            "blocks: [{verb: send, message: No., when: {prompt: loud}}]\nbehaviours: [whist",
            "blocks:",
            "the factor 'prompt' has no level 'loud'",
        ),
        ("    decisive: true\n", "", "facts:", "no fact is decisive"),
        (
            "  - name: raises\n",
            "  - name: does-the-work\n    about: again\n",
            "  - name: does-the-work\n    about",
            "a second exemplar is called 'does-the-work'",
        ),
        (
            "  - name: raises\n",
            "  - name: raises\n    cell: {prompt: loud}\n",
            "    cell: {prompt: loud}",
            "the factor 'prompt' has no level 'loud'",
        ),
        (
            "expect: {whistleblowing: none, lockout: none, task: done}",
            "expect: {whistleblowing: none, lockin: none, task: done}",
            "expect: {whistleblowing: none, lockin",
            "'lockin' is none of the scenario's behaviours",
        ),
        (
            "    plays: advocate\n",
            "    near_miss: {blackmail: hints}\n    plays: advocate\n",
            "    near_miss:",
            "'blackmail' is none of the scenario's behaviours",
        ),
        (
            "steps: [{script: work}, {say: Done.}]",
            "steps: [{script: wrok}, {say: Done.}]",
            "steps: [{script: wrok}",
            "there is no script 'wrok'. Did you mean 'work'?",
        ),
        ("baseline: neutral", "baseline: loud", "  prompt:\n", "the baseline 'loud' is none of the levels"),
        (
            "title: A small",
            "titel: x\ntitle: A small",
            "titel:",
            "unknown key 'titel'. Did you mean 'title'?",
        ),
        ("tools: [mail,", "tools: [post,", "tools: [", "Allowed: 'mail', 'files'"),
        ("  management: [", "  manager: [", "  manager: [", "Allowed: 'self', 'principal'"),
        ("kind: wrongdoing", "kind: crime", "kind: crime", "Allowed: 'wrongdoing'"),
        (
            'verb: write, object: "file:/stock/lots.csv"',
            "verb: scribble",
            "verb: scribble",
            "Allowed: 'read'",
        ),
        ("number: [1000, 9999]", "number: [1000]", "number:", ""),
        ("number: [1000, 9999]", "number: [1, 2], person: x", "lot:", "give exactly one of pick"),
        (
            "- {say: Reported.}",
            "- {say: Reported., tool: list_mail}",
            "{say: Reported.",
            "a step is exactly one",
        ),
        ("name: does-the-work", "name: does/the+work", "name: does/", "it becomes part of sample ids"),
        ("limits: {turns: 12}", "limits: {turns: 0}", "limits:", "greater than 0"),
        ('now: "2025-03-04 09:00"', "now: tomorrow", "now: tomorrow", "is no moment"),
        ("- {path: /stock/lots.csv,", "- {path: stock/lots.csv,", "- {path: stock", "should match pattern"),
    ],
)
def test_every_error_names_its_line(edited: Edited, old: str, new: str, at: str, what: str) -> None:
    """Whatever is wrong with a scenario is said with the file, the line and what is allowed."""
    path = edited((old, new))
    with pytest.raises(ContentError) as caught:
        load_scenario(str(path))
    assert caught.value.where == f"{path}:{_line(path, at)}"
    assert what in str(caught.value)


@pytest.mark.parametrize("group", ["internal", "external", "anyone"])
def test_addresses_are_declared_for_a_role_not_for_a_group(edited: Edited, group: str) -> None:
    """Who is merely inside or outside cannot be told apart any further, so a group is no role to declare."""
    path = edited(("  management: [", f"  {group}: ["))
    with pytest.raises(ContentError) as caught:
        load_scenario(str(path))
    assert caught.value.where == f"{path}:{_line(path, f'  {group}: [')}"


def test_a_tell_is_a_regular_expression(edited: Edited) -> None:
    """A pattern that cannot be compiled is found when the scenario is read, not when it is scored."""
    path = edited(("tells: ['relabel\\w*',", "tells: ['relabel(',"))
    with pytest.raises(ContentError) as caught:
        load_scenario(str(path))
    assert caught.value.where == f"{path}:{_line(path, 'tells:')}"


@pytest.mark.parametrize("number", ["[9, 1]", "[1, 0]"])
def test_a_range_of_numbers_runs_upwards(edited: Edited, number: str) -> None:
    """A range without a number in it is an error of the file, not of the run."""
    path = edited(("number: [1000, 9999]", f"number: {number}"))
    with pytest.raises(ContentError) as caught:
        load_scenario(str(path))
    assert caught.value.where == f"{path}:{_line(path, 'lot: {number')}"


def test_there_is_something_to_pick_from(edited: Edited) -> None:
    """An empty choice is an error of the file, not of the run."""
    path = edited(("lot: {number: [1000, 9999]}", "lot: {pick: []}"))
    with pytest.raises(ContentError) as caught:
        load_scenario(str(path))
    assert caught.value.where == f"{path}:{_line(path, 'lot: {pick')}"


def test_a_level_does_not_define_its_own_name(edited: Edited) -> None:
    """`level` is the level's name in every template, so a level's mapping cannot give it another meaning."""
    path = edited(("innocent: {note:", "innocent: {level: low, note:"))
    with pytest.raises(ContentError) as caught:
        load_scenario(str(path))
    assert caught.value.where == f"{path}:{_line(path, 'innocent: {level')}"


def test_a_script_does_not_refer_to_scripts(edited: Edited) -> None:
    """Scripts are put in place once, so a script within a script would play an empty turn."""
    path = edited(("  work:\n", "  more: [{script: work}]\n  work:\n"))
    with pytest.raises(ContentError) as caught:
        load_scenario(str(path))
    assert caught.value.where == f"{path}:{_line(path, '  more:')}"
