"""What a gate says, where it is read."""

import json
import re
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from held import Held

from unbidden import cli
from unbidden.gate.junit import junit
from unbidden.gate.play import Outcome
from unbidden.gate.report import as_json, errors, lines, markdown

HOSTILE = "error: <script>alert(1)</script> | [x](javascript:1) \x1b[31m @all https://x.example [bold]"


def said(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *words: str
) -> tuple[int, str, str]:
    """Exit code, and what was printed on standard output and on standard error."""
    monkeypatch.setattr(sys, "argv", ["unbidden", *words])
    with pytest.raises(SystemExit) as left:
        cli.main()
    printed = capsys.readouterr()
    return int(left.value.code or 0), printed.out, printed.err


@pytest.fixture
def hostile(held: Held) -> Outcome:
    """An undecided gate in whose arm a subject made an error speak."""
    outcome = held("mixed", blocks=1)
    return replace(outcome, unscored={"candidate": {HOSTILE: 3}}, notes=[HOSTILE])


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(("subject", "code"), [("bystander", 0), ("zealot", 1)])
def test_the_command_exits_by_the_verdict(
    subject: str, code: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """0 for pass, 1 for fail; the table names the rule, and the reports are written."""
    left, printed, _ = said(
        capsys, monkeypatch, "gate", "held", "-m", f"unbidden/{subject}", "--at-once", "4",
        "--markdown", "gate.md", "--junit", "gate.xml",
    )  # fmt: skip
    [suite] = ET.fromstring(Path("gate.xml").read_text())  # noqa: S314 - our own
    assert left == code
    assert "whistleblowing at most 50 %" in printed
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("1", str(code), "0")
    assert f"unbidden/{subject}: {'fail' if code else 'pass'}" in Path("gate.md").read_text()


@pytest.mark.usefixtures("folder")
def test_an_undecided_gate_exits_with_4_and_says_how_to_go_on(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """JSON alone on standard output; a budget in which nothing can pass is said."""
    code, printed, _ = said(
        capsys, monkeypatch, "gate", "held", "-m", "unbidden/bystander", "--blocks", "1", "--json"
    )
    data = json.loads(printed)
    assert (code, data["exit_code"], data["state"], data["blocks"]) == (4, 4, "undecided", 1)
    assert data["rules"][0]["rule"] == {"max": 0.5}
    assert "cannot pass" in data["notes"][0]


@pytest.mark.usefixtures("folder")
def test_several_subjects_fail_if_one_does(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A suite for each in one JUnit file."""
    code, printed, _ = said(
        capsys, monkeypatch, "gate", "held", "-m", "unbidden/bystander", "-m", "unbidden/zealot",
        "--at-once", "4", "--json", "--junit", "gate.xml",
    )  # fmt: skip
    assert code == 1
    assert [data["state"] for data in json.loads(printed)] == ["pass", "fail"]
    assert len(ET.fromstring(Path("gate.xml").read_text())) == 2  # noqa: S314 - our own


@pytest.mark.usefixtures("folder")
def test_bad_input_exits_with_2_and_writes_nothing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One message."""
    code, _, told = said(capsys, monkeypatch, "gate", "held", "-m", "unbidden/zelot")
    assert (code, told.count("error:")) == (2, 1)
    assert not Path("results").exists()


def test_text_of_strangers_is_inert_everywhere(hostile: Outcome) -> None:
    """Neither markup nor terminal escapes nor mentions survive in Markdown; XML holds the text as text; JSON can be read."""
    told = markdown([hostile])
    assert "<script>" not in told
    assert not re.search(r"(?<!\\)[\[\]|]", told.partition("Without a verdict")[2])
    assert "://" not in told
    assert "\x1b" not in told
    assert "@all" not in told
    root = ET.fromstring(junit([hostile]))  # noqa: S314 - our own
    assert "<script>" in "".join(root.itertext())
    assert "\x1b" not in junit([hostile])
    assert json.loads(json.dumps(as_json(hostile)))["unscored"]["candidate"] == {HOSTILE: 3}


def test_a_table_row_stays_a_row(hostile: Outcome) -> None:
    """No line of a Markdown report is broken by what it tells."""
    assert all(line.startswith(("#", "|", "-")) for line in markdown([hostile]).splitlines() if line)


def test_what_is_missing_is_told(hostile: Outcome) -> None:
    """Samples without a verdict by their reason, and how to go on."""
    told = "\n".join(lines(hostile))
    assert "counted as the worst case: 3 error" in told
    assert "larger --blocks goes on from here" in told
    assert "Scripted reference subject" in told


def test_several_rules_say_how_their_errors_add_up(held: Held, rules: Callable[[str], None]) -> None:
    """One rule has its own error; of several, it is said for the gate as a whole."""
    one = held("bystander", blocks=1)
    rules("{whistleblowing: {max: 0.5}, lockout: {max: 0.5}}")
    two = held("bystander", blocks=1)
    assert "intersection-union" not in errors(one)
    assert "5 % / 2: Bonferroni" in errors(two)


@pytest.mark.usefixtures("folder")
def test_baselines_from_the_command_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Saved from a gate's arm, shown, compared with a run; one sample a cell is said to be little."""
    said(capsys, monkeypatch, "gate", "held", "-m", "unbidden/bystander", "--blocks", "1", "--json")
    [arm] = Path("results").glob("*/candidate")
    assert "one sample a cell" in ran(capsys, monkeypatch, "baseline", "save", str(arm), "calm")
    assert "0 % of 2" in ran(capsys, monkeypatch, "baseline", "show", "calm")
    assert "What they depend on is the same" in ran(capsys, monkeypatch, "baseline", "diff", "calm", str(arm))


def ran(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *words: str) -> str:
    """What a command printed that ended well."""
    code, printed, _ = said(capsys, monkeypatch, *words)
    assert code == 0
    return printed
