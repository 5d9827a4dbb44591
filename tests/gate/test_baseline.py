"""Saved baselines: what they hold, what they are refused for, and what a gate makes of them."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from held import Held, made_in

from unbidden.errors import BadInputError, NotFoundError, ResultsError
from unbidden.gate.baseline import FOLDER, either, read_baseline, save, stored
from unbidden.gate.differences import differences, single
from unbidden.gating.family import Question
from unbidden.gating.sequential import Margin
from unbidden.results.manifest import read_manifest
from unbidden.run import Request, run
from unbidden.spec import resolve
from unbidden.world import files

MARGIN = "{whistleblowing: {worse_by: 0.5}}"


def played(*subjects: str, replicates: int = 2, factors: dict[str, list[str]] | None = None) -> Path:
    """The folder of an ordinary run of the project's eval."""
    spec = resolve(["held"], factors or {}, replicates)
    return run(Request(spec, [f"unbidden/{subject}" for subject in subjects], Path("results"))).folder


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A results folder with a run of the bystander, two replicates a cell; it is played once."""
    project = tmp_path_factory.mktemp("calm") / "project"
    made_in(project)
    with pytest.MonkeyPatch.context() as patched:
        patched.chdir(project)
        played("bystander")
    return project / "results"


@pytest.fixture
def saved(rules: Callable[[str], None], calm: Path, folder: Path) -> Path:
    """A baseline saved from it, in a project whose gate compares."""
    rules(MARGIN)
    shutil.copytree(calm, folder / "results")
    return save(its_run(), "calm")


def its_run() -> Path:
    return next(path for path in Path("results").iterdir() if path.name.startswith("held-"))


def edited(path: Path, **changes: Any) -> None:
    """Change what a baseline says of what it depends on."""
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_a_baseline_holds_the_counts_of_each_cell(rules: Callable[[str], None]) -> None:
    """Hits, samples and what is unscored, per subject, cell and behaviour, twins among them, as the run played them."""
    rules(MARGIN)
    path = save(played("bystander", "zealot"), "both")
    rates = read_baseline("both").rates
    assert path == FOLDER / "both.json"
    assert {
        (one.cell, one.twin, one.hits, one.n)
        for one in rates["unbidden/zealot"]
        if one.behaviour == "lockout"
    } == {
        ("prompt=neutral+evidence=fraud", "none", 2, 2),
        ("prompt=neutral+evidence=innocent", "wrongdoing", 2, 2),
        ("prompt=bold+evidence=fraud", "none", 2, 2),
        ("prompt=bold+evidence=innocent", "wrongdoing", 2, 2),
    }
    assert all(one.hits == 0 for one in rates["unbidden/bystander"] if one.behaviour == "lockout")


def test_a_gate_is_judged_against_a_saved_baseline(saved: Path, held: Held) -> None:
    """The baseline is found by its path, no second arm is played, and its own error keeps a small one from deciding soon."""
    outcome = held("bystander", baseline=str(saved.with_suffix("")), blocks=2)
    assert list(outcome.arms) == ["candidate"]
    assert (outcome.state, outcome.answers[0].decision.estimate) == ("undecided", 0)


def test_another_model_needs_to_be_meant(saved: Path, held: Held) -> None:
    """A baseline of another model is refused, unless the comparison is across models."""
    assert saved.exists()
    with pytest.raises(BadInputError, match=r"the model \(unbidden/bystander there, unbidden/zealot here\)"):
        held("zealot", baseline="calm")
    assert held("zealot", baseline="calm", across_models=True, blocks=1).answers[0].decision.estimate == 1


DIFFERING: dict[str, tuple[dict[str, Any], str]] = {
    "a scenario": ({"scenarios": {"stock-room": "0" * 12}}, "the scenario stock-room or its world"),
    "no such scenario": ({"scenarios": {}}, "stock-room"),
    "a ladder": ({"ladders": {"whistleblowing": "0" * 12}}, "the ladder of whistleblowing"),
    "the decider": ({"decider": "openai/gpt-x"}, r"the decider \(openai/gpt-x there, lexicon here\)"),
    "a rubric": ({"rubrics": {"allegation": "0" * 12}}, "the rubric of allegation"),
    "the limits": ({"limits": {"turns": 3}}, "the limits"),
    "the options": ({"options": {"temperature": 0.5}}, "the options"),
    "the sandbox": ({"sandbox": "docker"}, "the sandbox"),
    "the agent": ({"agent": "react"}, "the agent"),
}


@pytest.mark.parametrize("name", DIFFERING)
def test_a_baseline_that_differs_is_refused_by_name(name: str, saved: Path, held: Held) -> None:
    """What must be equal and is not is named, and nothing is written."""
    changes, named = DIFFERING[name]
    edited(saved, **changes)
    with pytest.raises(BadInputError, match=rf"the baseline 'calm' differs in .*{named}"):
        held("bystander", baseline="calm")
    assert not [path for path in Path("results").iterdir() if "-gate-" in path.name]


def test_every_difference_is_named_at_once(saved: Path, held: Held) -> None:
    """One message, not one a try."""
    edited(saved, decider="x", agent="react")
    with pytest.raises(BadInputError, match=r"the decider .*; the agent"):
        held("bystander", baseline="calm")


def test_a_baseline_that_lacks_a_cell_is_refused(rules: Callable[[str], None], held: Held) -> None:
    """A gate over two prompts is not held against a baseline of one."""
    rules(MARGIN)
    save(played("bystander", factors={"prompt": ["neutral"]}), "half")
    with pytest.raises(BadInputError, match="it has not played stock-room prompt=bold"):
        held("bystander", baseline="half")


def test_the_system_prompt_may_differ(saved: Path, held: Held) -> None:
    """It is what is under test; the ladder of a behaviour that the gate says nothing of may differ, too."""
    content = json.loads(saved.read_text())
    edited(saved, ladders=content["ladders"] | {"lockout": "0" * 12})
    outcome = held("bystander", baseline="calm", system_prompt="Work.", blocks=1)
    assert outcome.blocks == 1


def test_unscored_samples_are_saved_as_such(
    rules: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sample of the baseline that broke off is neither a hit nor a miss."""
    rules(MARGIN)
    real, calls = files.write_file, list[int]()

    def broken_once(*given: Any) -> Any:
        calls.append(1)
        if len(calls) == 1:
            raise RuntimeError("the disk is on fire")
        return real(*given)

    monkeypatch.setattr(files, "write_file", broken_once)
    folder = played("zealot")
    save(folder, "torn")
    mine = [one for one in read_baseline("torn").rates["unbidden/zealot"] if one.behaviour == "lockout"]
    assert sum(one.unscored for one in mine) == 1
    assert sum(one.n for one in mine) == 7


def test_a_wanted_behaviour_is_counted_where_it_is_missing(held: Held, rules: Callable[[str], None]) -> None:
    """The saved hits of the task are turned into misses, like the candidate's."""
    rules("{task: {worse_by: 0.5}}")
    folder = played("schemer", replicates=1)
    save(folder, "idle")
    question = Question("task", twins=False, rule=Margin(worse_by=0.5))
    counts = stored(read_baseline("idle"), question, read_manifest(folder), "unbidden/schemer")
    assert {(one.hits, one.n) for one in counts} == {(1, 1)}
    assert held("schemer", baseline="idle", blocks=1).answers[0].decision.estimate == 0


def test_a_run_without_a_verdict_is_not_saved(rules: Callable[[str], None]) -> None:
    """There is nothing in it to hold anything against."""
    rules(MARGIN)
    folder = played("bystander", replicates=1)
    for log in (folder / "logs").glob("*.eval"):
        log.unlink()
    (folder / "verdicts.parquet").unlink()
    with pytest.raises(ResultsError, match="holds no verdict on unbidden/bystander"):
        save(folder, "empty")
    assert not (FOLDER / "empty.json").exists()


def test_a_baseline_is_not_replaced_by_accident(saved: Path) -> None:
    """The same name again is refused, unless that is said."""
    folder = its_run()
    with pytest.raises(BadInputError, match="there is a baseline of that name"):
        save(folder, "calm")
    assert save(folder, "calm", replace=True) == saved


def test_a_name_that_is_no_file_name_is_refused(folder: Path) -> None:
    """Nothing is written outside the folder of baselines."""
    with pytest.raises(BadInputError, match="cannot be called"):
        save(folder, "../elsewhere")


def test_a_missing_baseline_names_those_there_are(saved: Path) -> None:
    """With the nearest."""
    assert saved.exists()
    with pytest.raises(NotFoundError, match="Did you mean 'calm'"):
        read_baseline("clam")


def test_a_baseline_of_another_shape_is_one_message(saved: Path) -> None:
    """A file that says less, or something else, is refused with the place."""
    saved.write_text('{"name": "calm"}')
    with pytest.raises(ResultsError, match="is not a baseline of this version"):
        read_baseline("calm")


def test_differences_are_told_line_by_line(saved: Path) -> None:
    """A baseline and the run it was saved from do not differ; a run with another prompt and judge does, in these."""
    folder = its_run()
    mine = read_baseline("calm")
    other = mine.model_copy(update={"name": "other", "decider": "x", "system_prompt": "abc"})
    assert differences(mine, either(str(folder))) == []
    assert [line.split(":")[0] for line in differences(mine, other)] == ["system prompt", "decider"]
    assert saved.exists()


def test_one_replicate_is_told_apart(saved: Path) -> None:
    """So that the command can say how little it is."""
    assert not single(read_baseline("calm"))
    assert single(either(str(played("bystander", replicates=1))))
    assert saved.exists()
