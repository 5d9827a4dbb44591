"""A copy to share: what was left out stands nowhere in it, and its tables are the original's."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from inspect_ai.event import InfoEvent
from inspect_ai.log import EvalSample, list_eval_logs, read_eval_log, write_eval_log
from inspect_ai.model import ChatMessageAssistant, ContentReasoning, ContentText
from written import all_bytes, holding

from unbidden.errors import BadInputError, ResultsError
from unbidden.labelling.store import Label, keep, labels_path
from unbidden.redact import redact
from unbidden.rescore import rescore
from unbidden.results.manifest import read_manifest, write_manifest
from unbidden.results.rows import PROVENANCE, VERDICTS
from unbidden.run import Request, run
from unbidden.spec import resolve
from unbidden.subject import reference

THOUGHT = "canary-thought-5f2e: I wonder whether they would notice \u201cthis\u201d"
SIGNED = "canary-signature-77aa01"
SYSTEM = "canary-system-90c1 You keep the stock records"
TASK = "canary-task-13be Please bring /stock/lots.csv up to date"


PROJECT = Path(__file__).parents[1] / "project"


@pytest.fixture(scope="module")
def project_with_canaries(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose prompts can be told from everything else."""
    folder = tmp_path_factory.mktemp("project")
    shutil.copytree(PROJECT / "scenarios", folder / "scenarios")
    path = folder / "scenarios" / "stock-room.yaml"
    text = path.read_text(encoding="utf-8").replace("You keep the stock records", SYSTEM)
    path.write_text(text.replace("Please bring /stock/lots.csv up to date", TASK), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def original(project_with_canaries: Path) -> Path:
    """A run in which the subject thinks a canary, as providers with a field for reasoning return it."""
    with pytest.MonkeyPatch.context() as patched:
        patched.chdir(project_with_canaries)
        patched.setattr(reference, "_THOUGHT", THOUGHT)
        return played(project_with_canaries / "results")


@pytest.fixture
def folder(
    original: Path, project_with_canaries: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A copy of that run, which a test may change."""
    monkeypatch.chdir(project_with_canaries)
    return Path(shutil.copytree(original, tmp_path / original.name))


def played(results: Path, thinking: str = "native") -> Path:
    spec = resolve(["stock-room"], {}, 1)
    options = {"model_args": {"thinking": thinking}}
    return run(Request(spec, ["unbidden/zealot"], results, options=options)).folder


def edit(folder: Path, change: Callable[[EvalSample], None]) -> None:
    for info in list_eval_logs(str(folder / "logs")):
        log = read_eval_log(info)
        for sample in log.samples or []:
            change(sample)
        write_eval_log(log, info.name)


def test_no_reasoning_is_left_and_the_tables_are_the_same(folder: Path, tmp_path: Path) -> None:
    """No byte of the copy holds what was thought, and both tables are the original's."""
    done = redact(folder, tmp_path / "copy")

    assert holding(all_bytes(folder), "canary-thought")
    assert holding(all_bytes(done.folder), "canary-thought", THOUGHT) == []
    assert (done.samples, done.left_out) == (2, ["reasoning"])
    assert (done.folder / VERDICTS).read_bytes() == (folder / VERDICTS).read_bytes()
    assert (done.folder / PROVENANCE).read_bytes() == (folder / PROVENANCE).read_bytes()


@pytest.mark.usefixtures("folder")
def test_reasoning_between_tags_is_left_out_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Models without a field for reasoning put it into their text."""
    monkeypatch.setattr(reference, "_THOUGHT", THOUGHT)
    inline = played(tmp_path / "results", "inline")
    copy = redact(inline, tmp_path / "copy").folder
    assert holding(all_bytes(inline), "canary-thought")
    assert holding(all_bytes(copy), "canary-thought", THOUGHT) == []
    assert_same_verdicts(inline, copy)


def test_a_passage_that_was_left_out_is_left_out_wherever_it_stands_again(
    folder: Path, tmp_path: Path
) -> None:
    """Reasoning that stands in a summary, a signature, an unknown event, an attachment, another store or an answer is found there."""

    def plant(sample: EvalSample) -> None:
        part = ContentReasoning(
            reasoning=THOUGHT,
            summary=f"In short: {THOUGHT}",
            signature=SIGNED,
            internal={"encrypted": SIGNED},
        )
        text = ContentText(text=f"<scratchpad>{THOUGHT}</scratchpad>Fine.", internal={"raw": SIGNED})
        sample.messages.append(ChatMessageAssistant(content=[part, text], metadata={"raw": THOUGHT}))
        sample.output.completion = f"<think>{THOUGHT}</think>Fine."
        sample.events.append(InfoEvent(source="theirs", data={"log": THOUGHT}))
        sample.attachments["0" * 32] = THOUGHT
        sample.store["their:agent"] = {"scratch": [THOUGHT]}
        assert sample.scores is not None
        sample.scores["lockout"].explanation = f"It thought: {THOUGHT}"

    edit(folder, plant)
    copy = redact(folder, tmp_path / "copy").folder

    assert len(holding(all_bytes(folder), "canary-thought")) >= 2
    assert holding(all_bytes(copy), "canary-thought", SIGNED) == []
    assert_same_verdicts(folder, copy)


def test_the_prompts_of_a_private_scenario_are_left_out(folder: Path, tmp_path: Path) -> None:
    """A scenario that is marked private leaves neither system prompt nor task, nor a line of them that the subject repeats."""
    manifest = read_manifest(folder)
    private = [scenario.model_copy(update={"private": True}) for scenario in manifest.scenarios]
    write_manifest(folder, manifest.model_copy(update={"scenarios": private}))

    def repeat(sample: EvalSample) -> None:
        task = sample.messages[1].text
        sample.store["unbidden"]["ledger"][-1]["text"] = f"I was told: {task}"

    edit(folder, repeat)
    done = redact(folder, tmp_path / "copy")

    assert holding(all_bytes(folder), "canary-system")
    assert holding(all_bytes(done.folder), "canary-system", "canary-task") == []
    assert done.left_out == ["reasoning", "prompts"]
    assert_same_verdicts(folder, done.folder)


def test_a_run_remembers_which_scenarios_are_private(
    project_with_canaries: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mark of the scenario stands in the manifest of its run."""
    shutil.copytree(project_with_canaries / "scenarios", tmp_path / "scenarios")
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "scenarios" / "stock-room.yaml"
    path.write_text(f"private: true\n{path.read_text(encoding='utf-8')}", encoding="utf-8")
    [scenario] = read_manifest(played(tmp_path / "results")).scenarios
    assert scenario.private


def test_prompts_stay_unless_they_are_private_or_unwanted(folder: Path, tmp_path: Path) -> None:
    """Without a mark and without the option the copy shows what the subject was told; with the option it does not."""
    plain = redact(folder, tmp_path / "plain").folder
    without = redact(folder, tmp_path / "without", prompts=True).folder
    assert holding(all_bytes(plain), "canary-system")
    assert holding(all_bytes(without), "canary-system", "canary-task") == []
    assert_same_verdicts(folder, without)


def test_without_texts_nothing_that_was_said_is_left(folder: Path, tmp_path: Path) -> None:
    """Neither what the subject wrote and read, nor prompts, nor calls; the verdicts and the acts that they cite stay."""
    copy = redact(folder, tmp_path / "copy", texts=True).folder
    said = (
        "They relabelled expired stock",
        "Reported.",
        "The list is up to date",
        "canary-system",
        "canary-task",
    )
    assert all(holding(all_bytes(folder), passage) for passage in said)
    assert holding(all_bytes(copy), *said) == []
    assert_same_verdicts(folder, copy)


@pytest.mark.parametrize(
    "name",
    [
        "prompt=neutral+evidence=fraud/r01",
        "content_filter",
        "unbidden/zealot",
        "prompt=neutral+evidence=fraud",
    ],
)
def test_a_subject_that_thinks_a_name_cannot_break_the_copy(name: str, folder: Path, tmp_path: Path) -> None:
    """Reasoning that is nothing but a sample's id, or a word that the log uses itself, leaves both where they are."""

    def think(sample: EvalSample) -> None:
        sample.messages.append(ChatMessageAssistant(content=[ContentReasoning(reasoning=name)]))
        sample.output.choices[0].stop_reason = "content_filter"

    edit(folder, think)
    assert_same_verdicts(folder, redact(folder, tmp_path / "copy").folder)


def test_scorings_and_labels_come_along(folder: Path, tmp_path: Path) -> None:
    """A later scoring is still that of this state of the run; a label stays, and its note goes with the texts."""
    rescore(folder, name="again")
    planned = read_manifest(folder).scenarios[0].samples[0].id
    label = Label(subject="unbidden/zealot", scenario="stock-room", sample=planned, stratum="counted", label="yes", who="me", note="canary-note")  # fmt: skip
    keep(labels_path(folder, "lockout"), label)

    plain = redact(folder, tmp_path / "plain").folder
    textless = redact(folder, tmp_path / "textless", texts=True).folder

    assert (plain / "scores/again.parquet").read_bytes() == (folder / "scores/again.parquet").read_bytes()
    assert json.loads((plain / "labels/lockout.jsonl").read_text())["note"] == "canary-note"
    assert holding(all_bytes(textless), "canary-note") == []


def test_a_copy_is_scored_again_only_if_its_acts_are_whole(folder: Path, tmp_path: Path) -> None:
    """Without reasoning the same verdicts come out; a copy without texts is refused, and so is running on in a copy."""
    copy = redact(folder, tmp_path / "copy").folder
    textless = redact(folder, tmp_path / "textless", texts=True).folder

    again = rescore(copy, name="again")

    assert again.table.read_bytes() == (folder / VERDICTS).read_bytes()
    with pytest.raises(ResultsError, match="copy without texts"):
        rescore(textless)
    shutil.copytree(copy, tmp_path / "results" / folder.name)
    with pytest.raises(ResultsError, match="copy without reasoning"):
        played(tmp_path / "results")


def test_a_copy_of_a_copy_says_all_that_it_is_without(folder: Path, tmp_path: Path) -> None:
    """What the first copy left out is not forgotten by the second."""
    first = redact(folder, tmp_path / "first", texts=True).folder
    assert redact(first, tmp_path / "second").left_out == ["reasoning", "texts"]


def test_what_cannot_be_copied_leaves_nothing_behind(folder: Path, tmp_path: Path) -> None:
    """A folder that is there is not touched; a log that cannot be read is one error, and no half a copy stays."""
    out = tmp_path / "out"
    out.mkdir()
    with pytest.raises(BadInputError, match="is there already"):
        redact(folder, out)
    [log] = (folder / "logs").glob("*.eval")
    log.write_bytes(log.read_bytes()[:1000])
    with pytest.raises(ResultsError, match="cannot be read"):
        redact(folder, out / "copy")
    assert list(out.iterdir()) == []


def assert_same_verdicts(folder: Path, copy: Path) -> None:
    tables = [pd.read_parquet(path / VERDICTS) for path in (folder, copy)]
    pd.testing.assert_frame_equal(*tables)
    manifests = [read_manifest(path).model_dump(exclude=_MAY_DIFFER) for path in (folder, copy)]
    assert manifests[0] == manifests[1]


_MAY_DIFFER = {"redacted", "system_prompt", "options"}
"""What a manifest says of redaction, and what may hold a prompt."""
