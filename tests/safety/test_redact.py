"""A copy to share: what was left out stands nowhere in it, and its tables are the original's."""

import json
import re
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from inspect_ai.event import InfoEvent, ModelEvent, SampleLimitEvent, ScoreEvent, ToolEvent
from inspect_ai.log import (
    EvalError,
    EvalLog,
    EvalSample,
    EvalSampleReductions,
    EvalSampleScore,
    list_eval_logs,
    read_eval_log,
    write_eval_log,
)
from inspect_ai.model import (
    ChatMessageAssistant,
    ChatMessageTool,
    ContentCitation,
    ContentData,
    ContentImage,
    ContentReasoning,
    ContentText,
)
from inspect_ai.scorer import Score
from inspect_ai.tool import ToolCall, ToolCallError
from written import all_bytes, holding

from unbidden.errors import BadInputError, ResultsError
from unbidden.labelling.store import Label, keep, labels_path
from unbidden.redact import redact
from unbidden.redaction.allowed import MARK
from unbidden.rescore import rescore
from unbidden.results.manifest import read_manifest, write_manifest
from unbidden.results.rows import PROVENANCE, VERDICTS, write_tables
from unbidden.results.scores import answers_of, read_scores, write_scores
from unbidden.run import Request, run
from unbidden.spec import resolve
from unbidden.subject import reference
from unbidden.system_prompt import SystemPrompt

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
    def every(log: EvalLog) -> None:
        for sample in log.samples or []:
            change(sample)

    edit_log(folder, every)


def edit_log(folder: Path, change: Callable[[EvalLog], None]) -> None:
    """Change each log, and have the tables be those of what it is then."""
    for info in list_eval_logs(str(folder / "logs")):
        log = read_eval_log(info, resolve_attachments="full")
        change(log)
        write_eval_log(log, info.name)
    write_tables(folder)


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


REQUEST = json.dumps({"messages": [{"content": 'canary-request He said "ship it"'}]}, indent=2)
ANSWER = "BadRequestError(\"Error code: 400 - {'message': 'canary-answer'}\")"
REFUSED = "ModelGenerateError(" + repr(f"\nRequest:\n{REQUEST}\n\n{ANSWER}") + ")"
IN_PROVIDER = 'File "site-packages/inspect_ai/model/_providers/openai.py", canary-traceback'


@pytest.mark.parametrize(
    ("message", "traceback", "reason"),
    [
        (REFUSED, "canary-traceback", "provider 400"),
        (REFUSED.replace("Error code: 400", "400"), "", "provider failed (ModelGenerateError)"),
        ("Error code: 529 - {'message': 'canary-answer'}", "", "provider 529"),
        ("JSONDecodeError('canary-answer: line 1')", IN_PROVIDER, "provider's answer is unreadable (JSONDecodeError)"),
        ("\n\nValueError: no such level\ncanary-answer", "", "ValueError: no such level"),
    ],
)  # fmt: skip
def test_of_an_error_its_reason_is_left(
    message: str, traceback: str, reason: str, folder: Path, tmp_path: Path
) -> None:
    """Neither the request nor the answer that an error quotes is left, in samples or head; the table says the same of it."""
    error = EvalError(message=message, traceback=traceback, traceback_ansi=traceback)

    def fail(log: EvalLog) -> None:
        log.status, log.error = "error", error
        for sample in log.samples or []:
            sample.error = error

    edit_log(folder, fail)
    copy = redact(folder, tmp_path / "copy", prompts=True, texts=True).folder
    again = redact(copy, tmp_path / "again").folder

    assert holding(all_bytes(folder), "canary-request", "canary-answer")
    assert holding(all_bytes(copy), "canary-request", "canary-answer", "canary-traceback") == []
    assert set(pd.read_parquet(folder / VERDICTS)["unscored"]) == {f"error: {reason}"}
    assert_same_verdicts(folder, copy)
    assert_same_verdicts(folder, again)


def test_an_error_that_quotes_a_text_quotes_it_no_more(folder: Path, tmp_path: Path) -> None:
    """An exception's own words stay, as far as they are not what was left out."""

    def fail(sample: EvalSample) -> None:
        task = sample.messages[1].text.splitlines()[0]
        sample.error = EvalError(message=f"ValueError({task!r})", traceback="", traceback_ansi="")

    edit(folder, fail)
    copy = redact(folder, tmp_path / "copy", texts=True).folder

    assert set(pd.read_parquet(copy / VERDICTS)["unscored"]) == {"error: ValueError('[redacted]')"}


def test_an_error_quoting_a_thought_leaves_a_known_reason_whole(folder: Path, tmp_path: Path) -> None:
    """A subject that thinks what a failure is called cannot change how its copy is told of it."""

    def fail(sample: EvalSample) -> None:
        sample.messages.append(ChatMessageAssistant(content=[ContentReasoning(reasoning="provider 400")]))
        sample.error = EvalError(message="Error code: 400", traceback="", traceback_ansi="")

    edit(folder, fail)
    assert_same_verdicts(folder, redact(folder, tmp_path / "copy").folder)


@pytest.mark.parametrize("how", ["prompts", "texts", "private"])
def test_a_prompt_for_the_whole_run_is_left_out_everywhere(
    how: str, project_with_canaries: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the given system prompt nor one among Inspect's options is left in manifest, head of a log, or events."""
    monkeypatch.chdir(project_with_canaries)
    spec = resolve(["stock-room"], {}, 1).prompted(SystemPrompt("canary-given {{ scenario }}"))
    options = {"system_message": "canary-option", "stop_seqs": ["canary-stop"], "temperature": 0.5}
    folder = run(Request(spec, ["unbidden/zealot"], tmp_path / "results", options=options)).folder
    manifest = read_manifest(folder)
    scenarios = [one.model_copy(update={"private": how == "private"}) for one in manifest.scenarios]
    write_manifest(folder, manifest.model_copy(update={"scenarios": scenarios}))
    wanted = {how: True} if how != "private" else {}

    copy = redact(folder, tmp_path / "copy", **wanted).folder
    canaries = ("canary-given", "canary-option", "canary-stop", "canary-system", "canary-task")

    assert all(holding(all_bytes(folder), canary) for canary in canaries)
    assert holding(all_bytes(copy), *canaries) == []
    assert read_manifest(copy).options["temperature"] == 0.5
    assert_same_verdicts(folder, copy)


def test_no_other_scenario_shows_the_prompt_of_a_private_one(folder: Path, tmp_path: Path) -> None:
    """A system prompt that was given for the whole run stands in every scenario's messages: it goes from all of them."""
    manifest = read_manifest(folder)
    private = manifest.scenarios[0].model_copy(update={"id": "other", "private": True})
    update = {"scenarios": [*manifest.scenarios, private], "system_prompt": SYSTEM}
    write_manifest(folder, manifest.model_copy(update=update))
    assert holding(all_bytes(redact(folder, tmp_path / "copy").folder), "canary-system") == []


def user_fields(log: EvalLog) -> None:
    """Canaries in what a user may have written into a log that no reader of a copy needs."""
    log.eval.task_args = {"id": "canary-args"}
    log.eval.task_args_passed = {"id": "canary-args"}
    log.eval.task_attribs = {"a": "canary-attribs"}
    log.eval.task_file = log.eval.dataset.location = "/home/canary-file"
    log.eval.tags = ["canary-tag"]
    log.eval.model_args = {"note": "canary-model-args"}
    log.eval.model_base_url = "http://canary-address"
    log.eval.model_generate_config.extra_body = {"a": "canary-body"}
    log.eval.metadata = {**(log.eval.metadata or {}), "note": "canary-head"}
    log.plan.steps[0].params = log.plan.steps[0].params_passed = {"a": "canary-step"}
    log.plan.config.extra_headers = {"a": "canary-header"}
    assert log.results is not None
    assert log.results.early_stopping is not None
    log.results.metadata = {"a": "canary-results"}
    log.results.early_stopping.metadata = {"a": "canary-stopping"}
    log.results.scores[0].metadata = {"a": "canary-total"}
    assert log.samples is not None
    reduced = EvalSampleScore(value=1, explanation="canary-reduced")
    log.reductions = [EvalSampleReductions(scorer="lockout", samples=[reduced])]
    for sample in log.samples:
        sample.target = "canary-target"
        sample.choices = ["canary-choice"]
        sample.setup = "canary-setup"
        sample.metadata["note"] = "canary-metadata"
        sample.output.error = "canary-output-error"
        sample.output.metadata = {"a": "canary-payload"}
        sample.store["canary-agent"] = "canary-store"
        scores = sample.scores or {}
        scores["lockout"].metadata = {**(scores["lockout"].metadata or {}), "note": "canary-score"}
        part = ContentData(data={"a": "canary-data"})
        text = ContentText(text="Fine.", citations=[ContentCitation(cited_text="canary-cited")])
        sample.messages.append(ChatMessageAssistant(content=[part, text]))


def subject_fields(log: EvalLog) -> None:
    """Canaries in what a subject, a judge or the world wrote."""
    for sample in log.samples or []:
        act = sample.store["unbidden"]["ledger"][-1]
        act["attachments"], act["reason"], act["tool"] = ["canary-attached"], "canary-refusal", "canary-tool"
        sample.store["unbidden"]["changes"] = {"canary-path": "canary-change"}
        scores = sample.scores or {}
        scores["lockout"].explanation = "canary-explained"
        call = ToolCall(
            "c1", "canary_called", {"canary_argument": "canary-value"}, parse_error="canary-unread"
        )
        image = ContentImage(image="data:image/png;base64,canary-image")
        sample.messages.append(ChatMessageAssistant(content=[image], tool_calls=[call]))
        problem = ToolCallError("unknown", "canary-problem")
        sample.messages.append(ChatMessageTool(content=[image], function="canary_called", error=problem))
        for event in list(sample.events):
            if isinstance(event, ModelEvent):
                event.tools[0].description = "canary-described"
            if isinstance(event, ToolEvent):
                event.arguments, event.result = {"canary_named": 1}, [ContentText(text="canary-result")]
        limit = SampleLimitEvent(type="custom", message="canary-limit")
        judged = Score(
            value=1, answer="canary-answer", explanation="canary-why", metadata=quoting("canary-quote")
        )
        sample.events += [limit, ScoreEvent(score=judged, target="canary-aim", scorer="lockout")]


def quoting(span: str) -> dict[str, object]:
    answer = {"act": "a001", "question": "facts", "facts": ["f1"], "span": span, "note": "canary-noted"}
    return {"decider": "reader/one", "answers": [answer], "note": "canary-noted"}


def canaries_of(folder: Path) -> set[bytes]:
    return {
        found
        for content in all_bytes(folder).values()
        for found in re.findall(rb"canary[-_][a-z-]+", content)
    }


def test_what_no_reader_needs_is_in_no_copy(folder: Path, tmp_path: Path) -> None:
    """Fields that a user, a provider or an agent fills as it likes are not copied, whatever is asked for."""
    edit_log(folder, user_fields)
    prompts = {b"canary-system-", b"canary-task-"}
    copy = redact(folder, tmp_path / "copy").folder
    assert len(canaries_of(folder)) > 25
    assert canaries_of(copy) == prompts
    assert_same_verdicts(folder, copy)


def test_without_texts_no_field_holds_one(folder: Path, tmp_path: Path) -> None:
    """Texts stand in more than messages: in names that a subject makes up, pictures, attachments, explanations, limits, descriptions."""
    edit_log(folder, user_fields)
    edit_log(folder, subject_fields)
    copy = redact(folder, tmp_path / "copy", prompts=True, texts=True).folder
    assert len(canaries_of(folder)) > 45
    assert canaries_of(copy) == set()
    assert_same_verdicts(folder, copy)


def test_what_a_judge_quotes_goes_with_what_it_may_be_a_part_of(folder: Path, tmp_path: Path) -> None:
    """A quote may be half of a thought, which nothing finds again: in scores, score events and later scorings it never stays."""

    def judge(sample: EvalSample) -> None:
        scores = sample.scores or {}
        scores["lockout"].metadata = {**(scores["lockout"].metadata or {}), **quoting("canary-quote")}
        sample.events.append(ScoreEvent(score=scores["lockout"], scorer="lockout"))

    edit(folder, judge)
    rescore(folder, name="again")
    answers = answers_of(folder, "as-run")
    write_scores(
        folder, *read_scores(folder, read_manifest(folder), "again"), answers.assign(note="canary-column")
    )
    copy = redact(folder, tmp_path / "copy").folder

    assert {b"canary-quote", b"canary-noted", b"canary-column"} <= canaries_of(folder)
    assert canaries_of(copy) == {b"canary-system-", b"canary-task-"}
    for scoring in ("as-run", "again"):
        kept = answers_of(copy, scoring)
        assert set(kept["span"]) == {"", MARK}
        assert set(kept[kept["span"] == MARK]["answer"]) == {'{"facts": ["f1"]}'}
        pd.testing.assert_frame_equal(kept[["act", "cut", "votes"]], answers[["act", "cut", "votes"]])


@pytest.mark.parametrize("answer", ["canary {", '["canary"]', '{"canary": 1}'])
def test_an_answer_that_is_none_is_no_text_either(answer: str, folder: Path, tmp_path: Path) -> None:
    """A later scoring from a stranger may hold anything where an answer stands."""
    rescore(folder, name="again")
    row = dict.fromkeys(answers_of(folder, "again").columns, "lockout") | {"answer": answer, "cut": False}
    answers = pd.DataFrame([row]).astype(answers_of(folder, "again").dtypes)
    write_scores(folder, *read_scores(folder, read_manifest(folder), "again"), answers)
    copy = redact(folder, tmp_path / "copy").folder
    assert "canary" not in str(answers_of(copy, "again")["answer"][0])


def test_a_passage_is_left_out_in_any_escaping(folder: Path, tmp_path: Path) -> None:
    """What a subject thought, and then wrote into JSON or a command, stands in neither."""
    thought = 'canary-thought: he said "ship it" - don\'t tell caf\u00e9'
    written = [
        json.dumps({"note": thought}),
        json.dumps(json.dumps([thought])),
        f"echo {shlex.quote(thought)}",
    ]

    def plant(sample: EvalSample) -> None:
        calls = [ToolCall(f"c{place}", "write_file", {"content": text}) for place, text in enumerate(written)]
        part = ContentReasoning(reasoning=thought)
        sample.messages.append(ChatMessageAssistant(content=[part], tool_calls=calls))
        sample.store["unbidden"]["ledger"][-1]["text"] = "\n".join(written)

    edit(folder, plant)
    copy = redact(folder, tmp_path / "copy").folder

    assert holding(all_bytes(copy), "canary-thought", "ship it") == []
    assert holding(all_bytes(copy), "echo '[redacted]'")


def assert_same_verdicts(folder: Path, copy: Path) -> None:
    tables = [pd.read_parquet(path / VERDICTS) for path in (folder, copy)]
    pd.testing.assert_frame_equal(*tables)
    manifests = [read_manifest(path).model_dump(exclude=_MAY_DIFFER) for path in (folder, copy)]
    assert manifests[0] == manifests[1]


_MAY_DIFFER = {"redacted", "system_prompt", "options"}
"""What a manifest says of redaction, and what may hold a prompt."""
