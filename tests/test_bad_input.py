"""Bad input: one message with file, line, what is allowed and what to do; exit code 2; nothing written."""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from unbidden import cli

Edit = tuple[str, str]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's project: a copy of the tests' small one, as the current folder."""
    shutil.copytree(Path(__file__).parent / "project", tmp_path / "project")
    monkeypatch.chdir(tmp_path / "project")
    return tmp_path / "project"


def said(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *words: str) -> tuple[int, str]:
    """Exit code and everything the command printed."""
    monkeypatch.setattr(sys, "argv", ["unbidden", *words])
    with pytest.raises(SystemExit) as left:
        cli.main()
    printed = capsys.readouterr()
    return int(left.value.code or 0), printed.out + printed.err


def line_of(path: Path, text: str) -> int:
    return next(number for number, line in enumerate(path.read_text().splitlines(), 1) if text in line)


BROKEN: dict[str, tuple[Edit, str, list[str]]] = {
    "unknown key": (
        ("tools: [mail", "tols: [x]\ntools: [mail"),
        "tols",
        ["unknown key 'tols'", "Did you mean 'tools'"],
    ),
    "unknown key below": (
        ("subject: Lot", "subjct: x\n      subject: Lot"),
        "subjct",
        ["unknown key 'subjct'", "subject"],
    ),
    "not YAML": (("tools: [mail, files", "tools: [mail, files\n  : ]["), "", ["not valid YAML"]),
    "a key twice": (
        ("limits: {turns: 12}", "limits: {turns: 12}\nlimits: {turns: 3}"),
        "turns: 3",
        ["given twice"],
    ),
    "a missing key": (("title: A small", "about: A small"), "", ["'title' is missing"]),
    "undefined template name": (
        ("{{ lead.address }} when", "{{ leed.address }} when"),
        "leed",
        ["leed", "names known here"],
    ),
    "no such level in a condition": (
        ("holds: {evidence: fraud}", "holds: {evidence: frod}"),
        "frod",
        ["'frod'", "'fraud'"],
    ),
    "no such factor": (("holds: {evidence: fraud}", "holds: {evidense: fraud}"), "evidense", ["'evidence'"]),
    "no such level in a twin": (
        ("cell: {evidence: innocent}}", "cell: {evidence: inocent}}"),
        "inocent",
        ["'innocent'"],
    ),
    "baseline is no level": (
        ("baseline: neutral", "baseline: plain"),
        "",
        ["'plain' is none of the levels", "neutral"],
    ),
    "no ladder": (
        ("[whistleblowing, lockout, task]", "[whistleblowin, lockout, task]"),
        "whistleblowin,",
        ["'whistleblowing'"],
    ),
    "no such tool": (
        ("tool: list_accounts", "tool: list_acounts"),
        "list_acounts",
        ["list_acounts", "'list_accounts'"],
    ),
    "no such argument": (("{id: m01}", "{mail: m01}"), "{mail: m01}", ["no argument 'mail'", "id"]),
    "no such rung": (
        ("whistleblowing: raised", "whistleblowing: rased"),
        "rased",
        ["no rung 'rased'", "'raised'"],
    ),
    "no such script": (
        ("steps: [{script: work}, {say: Done.}]", "steps: [{script: wrk}, {say: Done.}]"),
        "wrk",
        ["'work'"],
    ),
    "no such role": (("to: [principal]", "to: [principle]"), "principle", ["principal"]),
    "no such verb": (
        ("verb: send, to: [principal]", "verb: sent, to: [principal]"),
        "verb: sent",
        ["'send'"],
    ),
    "no such tool group": (("tools: [mail, files", "tools: [mails, files"), "mails", ["mail"]),
    "no decisive fact": (("decisive: true", "decisive: false"), "", ["no fact is decisive"]),
    "a wrong id": (("id: stock-room", "id: stockroom"), "stockroom", ["not the file's name"]),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_scenario_is_one_message_with_its_line(
    name: str, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`run` refuses before anything is called or written, and names file, line, the allowed or nearest, and the fix."""
    (old, new), marked, words = BROKEN[name]
    path = folder / "scenarios" / "stock-room.yaml"
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, 1))

    code, text = said(capsys, monkeypatch, "run", "stock-room", "--model", "unbidden/zealot")

    assert code == 2
    assert "scenarios/stock-room.yaml:" in text
    if marked:
        assert f"stock-room.yaml:{line_of(path, marked)}:" in text
    assert all(word in text for word in words)
    assert text.count("error:") == 1
    assert "Traceback" not in text
    assert not (folder / "results").exists()


WORDS: dict[str, tuple[list[str], list[str]]] = {
    "no such eval": (
        ["run", "stock-rom", "-m", "unbidden/zealot"],
        ["'stock-rom'", "Did you mean 'stock-room'"],
    ),
    "no such file": (["run", "x/none.yaml", "-m", "unbidden/zealot"], ["x/none.yaml"]),
    "no such level": (
        ["run", "stock-room", "-m", "unbidden/zealot", "--factor", "prompt=bald"],
        ["'bald'", "'bold'"],
    ),
    "no such factor": (
        ["run", "stock-room", "-m", "unbidden/zealot", "--factor", "promt=bold"],
        ["'promt'", "'prompt'"],
    ),
    "a factor without a level": (
        ["run", "stock-room", "-m", "unbidden/zealot", "--factor", "prompt"],
        ["name=value"],
    ),
    "no such subject": (["run", "stock-room", "-m", "unbidden/zelot"], ["'zelot'", "'zealot'"]),
    "no such provider": (["run", "stock-room", "-m", "nosuch/model"], ["nosuch/model", "provider/name"]),
    "no provider": (["run", "stock-room", "-m", "model"], ["provider/name"]),
    "no key": (
        ["run", "stock-room", "-m", "anthropic/claude-x"],
        ["ANTHROPIC_API_KEY", "anthropic/claude-x"],
    ),
    "no other key": (["run", "stock-room", "-m", "openai/gpt-x"], ["OPENAI_API_KEY", "openai/gpt-x"]),
    "no option of Inspect": (
        ["run", "stock-room", "-m", "unbidden/zealot", "--inspect", "max_sampels=3"],
        ["'max_samples'"],
    ),
    "no price": (
        ["run", "stock-room", "-m", "mockllm/model", "--max-cost", "1"],
        ["price of mockllm/model is unknown"],
    ),
    "no budget": (["run", "stock-room", "-m", "unbidden/zealot", "--max-cost", "0"], ["more than 0"]),
    "no replicates": (["run", "stock-room", "-m", "unbidden/zealot", "--replicates", "0"], ["at least 1"]),
    "probabilities": (
        ["run", "stock-room", "-m", "unbidden/mixed", "--inspect", "model_args={zealot: 0.7}"],
        ["add up to 0.7"],
    ),
    "an option that is no number": (
        ["run", "stock-room", "-m", "unbidden/zealot", "--inspect", "temperature=warm"],
        ["temperature=warm"],
    ),
    "an option that is no YAML": (
        ["run", "stock-room", "-m", "unbidden/zealot", "--inspect", "temperature=[1"],
        ["temperature=...", "not valid YAML"],
    ),
    "an option that is ours": (
        ["run", "stock-room", "-m", "unbidden/zealot", "--inspect", "score=false"],
        ["'score'"],
    ),
    "the checker's subject": (["run", "stock-room", "-m", "unbidden/exemplar"], ["scenarios check"]),
    "results that are a file": (
        ["run", "stock-room", "-m", "unbidden/zealot", "--results", "scenarios/stock-room.yaml"],
        ["cannot write there"],
    ),
    "no folder": (["compare", "results/none"], ["results/none", "unbidden run"]),
    "no run folder": (["compare", "scenarios"], ["is no run folder"]),
    "no scenario to check": (["scenarios", "check", "stok-room"], ["'stock-room'"]),
}


@pytest.mark.parametrize("name", WORDS)
def test_a_wrong_command_is_one_message(
    name: str, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Names that do not exist, missing keys and unknown options end with exit code 2 and no results folder."""
    for key in ("ANTHROPIC_API_KEY", "OPENAI_API_KEY"):
        monkeypatch.delenv(key, raising=False)
    words, expected = WORDS[name]

    code, text = said(capsys, monkeypatch, *words)

    assert code == 2
    assert all(word in text for word in expected), text
    assert text.count("error:") == 1
    assert "Traceback" not in text
    assert not (folder / "results").exists()


EVALS: dict[str, tuple[str, str, list[str]]] = {
    "no such scenario": ("scenarios: [stock-rom]", "stock-rom", ["'stock-room'"]),
    "no such factor": ("scenarios: [stock-room]\nfactors: {promt: bold}", "promt", ["'prompt'"]),
    "no such level": ("scenarios: [stock-room]\nfactors: {prompt: bald}", "bald", ["'bold'"]),
    "no such behaviour": ("scenarios: [stock-room]\nbehaviours: [lockot]", "lockot", ["'lockout'"]),
    "a primary behaviour that is not scored": (
        "scenarios: [stock-room]\nbehaviours: [task]\nprimary: [lockout]",
        "primary",
        ["'lockout' is not scored here", "Allowed: task"],
    ),
    "an unknown key": ("scenarios: [stock-room]\nmodels: [x]", "models", ["unknown key 'models'"]),
    "a limit that is none": ("scenarios: [stock-room]\nlimits: {turns: 0}", "turns: 0", ["greater than 0"]),
}


@pytest.mark.parametrize("name", EVALS)
def test_a_broken_eval_is_one_message_with_its_line(
    name: str, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What an eval names and does not exist is said at the eval's line."""
    content, marked, expected = EVALS[name]
    path = folder / "evals" / "mine.yaml"
    path.parent.mkdir()
    path.write_text(f"canary: x\ntitle: Mine\nquestion: Why?\n{content}\n")

    code, text = said(capsys, monkeypatch, "run", "mine", "--model", "unbidden/zealot")

    assert code == 2
    assert f"evals/mine.yaml:{line_of(path, marked)}:" in text
    assert all(word in text for word in expected), text
    assert not (folder / "results").exists()


HOSTILE = {
    "an alias bomb": "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n"
    + "".join(f"a{i}: &a{i} [{','.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 9)),
    "nesting without end": "a: " + "[" * 100_000,
    "deep nesting": "a: " + "[" * 3000 + "]" * 3000,
    "a number of 5000 digits": "id: " + "9" * 5000,
    "a tag that calls": "a: !!python/object/apply:os.system [id]\n",
    "an escape sequence": '"\\e[31mred": 1\n',
    "an anchor in itself": "a: &a [*a]\n",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_scenario_is_one_harmless_message(
    name: str, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stranger's file can neither fill the memory, nor end the process, nor run code, nor speak to the terminal."""
    (folder / "scenarios" / "hostile.yaml").write_text(HOSTILE[name])

    code, text = said(capsys, monkeypatch, "scenarios", "show", "hostile")

    assert code == 2
    assert "scenarios/hostile.yaml" in text
    assert "Traceback" not in text
    assert all(char.isprintable() or char == "\n" for char in text)


MANIFESTS: dict[str, Callable[[Path], object]] = {
    "not JSON": lambda path: path.write_text("{"),
    "not a manifest": lambda path: path.write_text('{"name": "x"}'),
    "not text": lambda path: path.write_bytes(b"\xff\xfe\x00"),
    "a folder": lambda path: path.mkdir(),
}


@pytest.mark.parametrize("name", MANIFESTS)
def test_an_unreadable_results_folder_is_one_message(
    name: str, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A manifest that is no manifest is named, whatever is wrong with it."""
    run_folder = folder / "broken"
    run_folder.mkdir()
    MANIFESTS[name](run_folder / "manifest.json")

    code, text = said(capsys, monkeypatch, "compare", "broken")

    assert code == 2
    assert "broken/manifest.json" in text
    assert "Traceback" not in text


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--agent", "claude-code"], ["does not run in the sandbox 'embedded'", "--sandbox docker"]),
        (["--agent", "codex-cli", "--sandbox", "docker"], ["not installed", "unbidden[swe]"]),
        (["--sandbox", "podman"], ["'podman'", "bubblewrap"]),
        (["--factor", "surface=gui"], ["no level 'gui'", "functions, shell"]),
        (["--grader", "nosuch/model"], ["'nosuch/model' cannot be used"]),
    ],
    ids=[
        "an agent outside its container",
        "an agent that is missing",
        "no such sandbox",
        "no such surface",
        "no such judge",
    ],
)
def test_what_a_machine_or_a_judge_needs_is_said_before_anything_is_written(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    options: list[str],
    says: list[str],
) -> None:
    """Exit code 2, what is allowed, and no folder."""
    words = ["run", "expense-fraud", "--model", "unbidden/bystander", "--factor", "surface=shell"]
    code, printed = said(capsys, monkeypatch, *words, *options, "--results", str(tmp_path / "results"))
    assert code == 2
    assert all(part in printed for part in says), printed
    assert not (tmp_path / "results").exists()


@pytest.mark.usefixtures("folder")
def test_a_sandbox_that_cannot_run_leaves_no_folder(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Without a Docker engine: one message, exit code 2, and nothing that a later run would take for begun."""
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    words = ["run", "expense-fraud", "--model", "unbidden/bystander", "--factor", "surface=shell"]
    words += ["--sandbox", "docker", "--limit", "1", "--results", str(tmp_path / "results")]
    code, printed = said(capsys, monkeypatch, *words)
    assert (code, "Docker" in printed) == (2, True)
    assert list((tmp_path / "results").glob("*")) == []
