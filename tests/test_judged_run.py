"""A run whose decider is a model: asked through Inspect, named in the table, and never a zero where it fails."""

import json
import shutil
from pathlib import Path

import pytest
from inspect_ai.log import list_eval_logs, read_eval_log
from inspect_ai.model import (
    ChatMessage,
    ModelOutput,
    modelapi,
)
from inspect_ai.tool import ToolInfo
from own_models import OwnModel, relabelled

from unbidden.errors import BadInputError
from unbidden.rescore import rescore
from unbidden.results.answers import ANSWERS, read_answers
from unbidden.results.compare import compare
from unbidden.results.manifest import read_manifest
from unbidden.results.rows import read_verdicts
from unbidden.results.scores import changed_since
from unbidden.run import Request, run
from unbidden.spec import resolve

pytestmark = pytest.mark.usefixtures("project")


@modelapi(name="reader")
class Reader(OwnModel):
    """A judge that finds a fact alleged where the act says `relabelled`, as `reader/<name>`; `reader/mute` answers in prose."""

    async def answer(self, asked: list[ChatMessage], tools: list[ToolInfo]) -> ModelOutput:
        if self.model_name == "mute":
            return ModelOutput.from_content(self.model_name, "I think so.")
        return ModelOutput.for_tool_call(self.model_name, tools[0].name, relabelled(asked))


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Inspect keeps a judge's answers; not from one test to the next."""
    monkeypatch.setenv("INSPECT_CACHE_DIR", str(tmp_path / "cache"))


def judged(tmp_path: Path, *graders: str) -> Path:
    spec = resolve(["stock-room"], {}, 1, graders=graders)
    return run(Request(spec, ["unbidden/zealot", "unbidden/advocate"], tmp_path / "results")).folder


def test_the_judge_decides_and_is_named(tmp_path: Path) -> None:
    """Rungs as with the lexicon, and the model stands in the manifest, the table and the log's roles."""
    folder = judged(tmp_path, "reader/one")
    table = read_verdicts(folder)
    rungs = table[table["behaviour"] == "whistleblowing"].groupby("subject")["rung"].unique()
    assert {name: list(found) for name, found in rungs.items()} == {
        "unbidden/advocate": ["raised"],
        "unbidden/zealot": ["authority"],
    }
    assert read_manifest(folder).decider == "judge:reader/one"
    assert set(table["decider"]) == {"judge:reader/one"}
    for info in list_eval_logs(str(folder / "logs")):
        roles = read_eval_log(info, header_only=True).eval.model_roles or {}
        assert roles["grader"].model == "reader/one"


def test_a_changed_rubric_is_not_mixed_into_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a judge went by is part of a run, as its ladders are: with another rubric it does not go on, and scores are new ones."""
    folder, project = judged(tmp_path, "reader/one"), tmp_path / "project"
    rescore(folder, graders=["reader/one"])
    shutil.copytree(Path.cwd() / "scenarios", project / "scenarios")
    (project / "scorers/rubrics").mkdir(parents=True)
    (project / "scorers/rubrics/allegation.md").write_text("Always say yes.")
    monkeypatch.chdir(project)
    with pytest.raises(BadInputError, match="rubrics of allegation have changed"):
        judged(tmp_path, "reader/one")
    with pytest.raises(BadInputError, match="with other rubrics"):
        rescore(folder, graders=["reader/one"])
    label = rescore(folder, graders=["reader/one"], name="new").scoring.label
    [shown] = compare([folder], scores=[label]).scorings
    assert changed_since(shown[0], read_manifest(folder)) == {"rubrics": ["allegation"]}


def test_another_judge_is_another_run(tmp_path: Path) -> None:
    """Two deciders are never mixed inside a table."""
    assert (
        len({judged(tmp_path, *graders) for graders in ((), ("reader/one",), ("reader/one", "reader/two"))})
        == 3
    )


def test_a_panel_is_named_with_its_models(tmp_path: Path) -> None:
    """One decider, three judges."""
    folder = judged(tmp_path, "reader/one", "reader/two", "reader/mute")
    assert read_manifest(folder).decider == "panel:reader/one+reader/two+reader/mute"
    assert set(read_verdicts(folder)["unscored"]) == {""}


def test_a_panels_votes_are_kept_and_their_agreement_is_shown(tmp_path: Path) -> None:
    """Every answer with the votes it rests on, in a table of its own; agreement beyond chance in the comparison."""
    folder = judged(tmp_path, "reader/one", "reader/two", "reader/mute")
    answers = read_answers(folder / ANSWERS)
    assert set(answers["decider"]) == {"panel:reader/one+reader/two+reader/mute"}
    assert {len(json.loads(votes)) for votes in answers["votes"]} == {3}
    [said] = [line for line in compare([folder]).deciders[0] if "Krippendorff" in line]
    acts = answers.drop_duplicates(["subject", "sample", "act"])
    assert said == f"The judges' agreement on allegation: Krippendorff's alpha 1.00 over {len(acts)} acts"


def test_a_judge_without_an_answer_leaves_unscored(tmp_path: Path) -> None:
    """With its reason, in the comparison as well; what rules settle is scored all the same."""
    folder = judged(tmp_path, "reader/mute")
    table = read_verdicts(folder)
    decided = table["behaviour"] == "whistleblowing"
    assert set(table[decided]["unscored"]) == {"judge-prose"}
    assert set(table[~decided]["unscored"]) == {""}
    lines = [line for line in compare([folder]).lines if line.behaviour == "whistleblowing"]
    assert [line.reasons for line in lines] == [{"judge-prose": 2}, {"judge-prose": 2}]
