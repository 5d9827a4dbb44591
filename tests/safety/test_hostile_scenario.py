"""Scenarios, evals and ladders from a stranger: one documented error in bounded time and memory; nothing is read, written or run."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from unbidden import cli
from unbidden.errors import ContentError, DeciderError, NotFoundError, SlowPatternError
from unbidden.patterns import SECONDS, found, mistakes
from unbidden.scoring.ladder import load_ladder
from unbidden.scoring.material import rubric
from unbidden.templates import LONGEST, bounded, render_text, render_tree

PROJECT = Path(__file__).parents[1] / "project"
SECRET = "canary-of-the-host-3f1c"  # noqa: S105 - what nobody may read

Edit = tuple[str, str]


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A folder of the host's, with files that a stranger would like to see."""
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "secret.yaml").write_text(f"canary: {SECRET}\ntitle: {SECRET}\n{SECRET}: [1\n")
    (folder / "secret.md").write_text(SECRET)
    shutil.copy(PROJECT / "scenarios" / "stock-room.yaml", folder / "stock-room.yaml")
    return folder


@pytest.fixture
def folder(tmp_path: Path, outside: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The stranger's project, as the current folder, beside the host's."""
    assert outside.is_dir()
    path = tmp_path / "project"
    shutil.copytree(PROJECT, path)
    monkeypatch.chdir(path)
    return path


def said(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *words: str) -> tuple[int, str]:
    monkeypatch.setattr(sys, "argv", ["unbidden", *words])
    with pytest.raises(SystemExit) as left:
        cli.main()
    printed = capsys.readouterr()
    return int(left.value.code or 0), printed.out + printed.err


def state(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


SCENARIOS: dict[str, Edit] = {
    "a behaviour that is a path": ("[whistleblowing, lockout, task]", "[../../outside/secret, task]"),
    "a behaviour that is an absolute path": ("[whistleblowing, lockout, task]", "[/etc/passwd, task]"),
    "a behaviour that is a file": ("[whistleblowing, lockout, task]", "[../outside/secret.yaml, task]"),
    "an id that is a path": ("id: stock-room", "id: ../../stock-room"),
    "a level that is a path": ("neutral:\n      bold:", "../../neutral:\n      bold:"),
    "a twin that is a path": ("removes: wrongdoing", "removes: ../../etc"),
    "classes": ("You keep the stock", "{{ ''.__class__.__mro__[1].__subclasses__() }} keep the stock"),
    "a module": ("You keep the stock", "{{ cycler.__init__.__globals__.os.popen('id').read() }} the stock"),
    "attr": ("You keep the stock", "{{ firm|attr('__class__') }} keep the stock"),
    "an include": ("You keep the stock", "{% include '../outside/secret.md' %} keep the stock"),
    "an import": ("You keep the stock", "{% import '/etc/passwd' as p %} keep the stock"),
    "a product of a text": ("You keep the stock", "{{ 'a' * 10000000000 }} keep the stock"),
    "a product with a name": ("You keep the stock", "{{ lead.name * 10000000000 }} keep the stock"),
    "a power": ("You keep the stock", "{{ 10 ** 10 ** 10 }} keep the stock"),
    "a loop": ("You keep the stock", f"{{% for a in '{'a' * 999}' %}}{{{{ a }}}}{{% endfor %}} keep the stock"),
    "nested loops": ("You keep the stock", "{% for a in lead.name %}{% for b in lead.name %}x{% endfor %}{% endfor %}"),
    "a wide format": ("You keep the stock", "{{ '{:9999999999}'.format(lot) }} keep the stock"),
    "a wide filter": ("You keep the stock", "{{ lead.name|center(9999999999) }} keep the stock"),
    "an old format": ("You keep the stock", "{{ '%9999999999d' % lot }} keep the stock"),
    "a method": ("You keep the stock", "{{ lead.name.ljust(9999999999) }} keep the stock"),
    "a macro that calls itself": ("You keep the stock", "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }} the stock"),
    "deep brackets": ("You keep the stock", "{{ " + "(" * 5000 + "1" + ")" * 5000 + " }} keep the stock"),
    "more people than names": ("  lot: {number", "".join(f"  p{i}: {{person: x.example}}\n" for i in range(500)) + "  lot: {number"),
    "a doubling of texts": (
        "  lot: {number",
        "  e0: {pick: [xxxxxxxxxxxxxxxx]}\n"
        + "".join(f"  e{i}: {{pick: ['{{{{ e{i - 1} }}}}{{{{ e{i - 1} }}}}']}}\n" for i in range(1, 60))
        + "  lot: {number",
    ),
    "an expression that is none": (r"'relabel\w*'", "'(relabel'"),
    "an expression that is too large": (r"'relabel\w*'", "'a{99999999999999999999}'"),
    "an expression that refers to itself": (r"'relabel\w*'", "'(?R)?a'"),
    "an expression that is too deep": (r"'relabel\w*'", "'" + "(" * 50_000 + "'"),
    "a tag that calls": ("id: stock-room", "id: !!python/object/apply:os.system ['touch owned']"),
    "a tag that makes": ("title: A small", "title: !!python/name:os.system {}\nabout: A small"),
    "more cells than can be": (
        "factors:\n",
        "factors:\n" + "".join(f"  f{i}: {{baseline: l0, levels: {{{', '.join(f'l{n}: ' for n in range(9))}}}}}\n" for i in range(60)),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_hostile_scenario_is_one_error_and_does_nothing(
    name: str,
    folder: Path,
    outside: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It ends with exit code 2 and one message within seconds; no file of the host is shown, none appears."""
    old, new = SCENARIOS[name]
    path = folder / "scenarios" / "stock-room.yaml"
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")
    before, began = state(outside.parent), time.monotonic()

    code, text = said(capsys, monkeypatch, "scenarios", "check", "stock-room")

    assert code == 2, text
    assert time.monotonic() - began < 20
    assert "stock-room" in text
    assert "Traceback" not in text
    assert len(text) < 20_000
    assert SECRET not in text
    assert "root:" not in text
    assert state(outside.parent) == before


LINKS: dict[str, Callable[[Path, Path], object]] = {
    "a scenario": lambda folder, outside: (folder / "scenarios/secret.yaml").symlink_to(
        outside / "secret.yaml"
    ),
    "a scenario, relative": lambda folder, _: (folder / "scenarios/secret.yaml").symlink_to(
        "../../outside/secret.yaml"
    ),
    "a scenario, over a folder": lambda folder, outside: (
        (folder / "scenarios/up").symlink_to(outside),
        (folder / "scenarios/secret.yaml").symlink_to("up/secret.yaml"),
    ),
    "a scenario, nowhere": lambda folder, outside: (folder / "scenarios/secret.yaml").symlink_to(
        outside / "no"
    ),
}


@pytest.mark.parametrize("name", LINKS)
def test_a_link_to_a_file_elsewhere_is_not_followed(
    name: str,
    folder: Path,
    outside: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A scenario that is a link reads nothing of the host's."""
    LINKS[name](folder, outside)
    code, text = said(capsys, monkeypatch, "scenarios", "show", "secret")
    assert code == 2
    assert "link" in text
    assert SECRET not in text


def test_a_ladder_or_a_rubric_that_is_a_link_is_not_followed(folder: Path, outside: Path) -> None:
    """A rubric would be sent to a judge, and stand in logs."""
    (folder / "scorers" / "rubrics").mkdir(parents=True)
    (folder / "scorers" / "secret.yaml").symlink_to(outside / "secret.yaml")
    (folder / "scorers" / "rubrics" / "allegation.md").symlink_to(outside / "secret.md")
    with pytest.raises(ContentError, match="link"):
        load_ladder("secret")
    with pytest.raises(ContentError, match="link"):
        rubric("allegation")


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    "name", ["../outside/secret.yaml", "../../../../etc/passwd", "/etc/hosts.yaml", "..", ""]
)
def test_a_behaviour_is_a_name_and_no_path(name: str) -> None:
    """Whoever names a ladder, a stranger's manifest among them, names one that is in scorers/."""
    with pytest.raises(NotFoundError):
        load_ladder(name)


EVALS = {
    "a scenario elsewhere": "scenarios: [../outside/stock-room.yaml]",
    "a scenario at an absolute path": "scenarios: [OUTSIDE/stock-room.yaml]",
    "a scenario that is the password file": "scenarios: [/etc/passwd]",
    "a scenario that goes up": "scenarios: [scenarios/../../outside/stock-room.yaml]",
    "a behaviour elsewhere": "scenarios: [stock-room]\nbehaviours: [../outside/secret]",
    "samples without end": "scenarios: [stock-room]\nreplicates: 100000000000",
    "no samples": "scenarios: [stock-room]\nreplicates: -5",
    "a template": "scenarios: ['{{ 7 * 7 }}']",
}


@pytest.mark.parametrize("name", EVALS)
def test_a_hostile_eval_is_one_error_and_does_nothing(
    name: str,
    folder: Path,
    outside: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An eval names scenarios of its own project and built-in ones, and no more samples than can be."""
    (folder / "evals").mkdir()
    content = EVALS[name].replace("OUTSIDE", str(outside))
    (folder / "evals" / "mine.yaml").write_text(f"canary: x\ntitle: Mine\nquestion: Why?\n{content}\n")
    before = state(outside.parent)
    code, text = said(capsys, monkeypatch, "run", "mine", "-m", "unbidden/bystander")
    assert code == 2
    assert "evals/mine.yaml" in text or "samples" in text
    assert SECRET not in text
    assert state(outside.parent) == before


def test_a_pattern_that_backtracks_without_end_is_given_up() -> None:
    """The text is left undecided, and the pattern is not tried for as long a second time."""
    began = time.process_time()
    for text in ("a" * 60 + "!", "a" * 70 + "!"):
        with pytest.raises(SlowPatternError):
            found("(a|aa)+$", text)
    assert time.process_time() - began < 1.5 * SECONDS


def test_a_scenario_with_such_a_pattern_leaves_its_samples_unscored(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hostile tell costs seconds and the verdicts that it decides, never the run."""
    from unbidden.results.rows import read_verdicts  # noqa: PLC0415 - with the rest, seconds to import
    from unbidden.run import Request, run  # noqa: PLC0415
    from unbidden.spec import resolve  # noqa: PLC0415

    monkeypatch.setattr("unbidden.patterns.SECONDS", 0.2)
    path = folder / "scenarios" / "stock-room.yaml"
    hostile = path.read_text(encoding="utf-8").replace(r"'relabel\w*'", "'(a|aa)+$'")
    hostile = hostile.replace("They relabelled expired stock.", f"They relabelled {'a' * 60} stock!")
    path.write_text(hostile, encoding="utf-8")
    began = time.monotonic()
    folder = run(Request(resolve(["stock-room"], {}, 1), ["unbidden/zealot"], folder / "results")).folder
    table = read_verdicts(folder).set_index("behaviour")
    assert time.monotonic() - began < 30
    assert set(table.loc["whistleblowing", "unscored"]) == {"slow-pattern"}
    assert set(table.loc["lockout", "unscored"]) == {""}


def test_mistakes_of_patterns_are_said_and_not_raised() -> None:
    """Whatever is wrong with an expression, its author gets its place."""
    assert [index for index, _ in mistakes(["a", "(", "[", "a{2,1}", "(?P<n", "b"])] == [1, 2, 3, 4]


RECURSIVE = [
    "(?R)?a",
    "(a(?1)?b)",
    "(?P<x>a(?&x)?b)",
    "(?P<x>a(?P>x)?b)",
    "(a)(?-1)",
    "(?+1)(a)",
    r"\[(?0)?a\]",
]


@pytest.mark.parametrize("pattern", RECURSIVE)
def test_a_pattern_that_refers_to_itself_is_refused(pattern: str) -> None:
    """It fills the memory before its time is over; in a log, which nobody has checked, it leaves a text undecided."""
    [(index, problem)] = mistakes(["a", pattern])
    assert (index, "refers to itself" in problem) == (1, True)
    with pytest.raises(SlowPatternError):
        found(pattern, "a" * 100)


def test_a_pattern_that_only_looks_like_one_that_refers_to_itself_is_none() -> None:
    """Escaped, in a set, or another use of a question mark after a bracket."""
    patterns = [
        r"\(?R\)",
        "[(?R)]",
        "(?i:a)",
        "(?-i:a)",
        "(a)?(?(1)b|c)",
        "(?P<n>a)(?P=n)",
        "(?<=a)b",
        r"[\](?1)]",
    ]
    assert list(mistakes(patterns)) == []
    assert found(r"\(?R\)", "see R)")


def test_a_pattern_that_fills_the_memory_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Like one that takes too long, and not tried a second time."""

    class Full:
        def search(self, *_: object, **__: object) -> None:
            raise MemoryError

    monkeypatch.setattr("unbidden.patterns._compiled", lambda *_: Full())
    with pytest.raises(SlowPatternError):
        found("fills the memory", "a")
    monkeypatch.undo()
    with pytest.raises(SlowPatternError):
        found("fills the memory", "a")


@pytest.mark.parametrize("pattern", ["(", "a{2,1}", "a{99999999999999999999}"])
def test_what_is_no_pattern_leaves_a_text_undecided(pattern: str) -> None:
    """In a stranger's log nobody has checked it: the verdict has a reason, and a scoring goes on."""
    with pytest.raises(DeciderError) as caught:
        found(pattern, "a")
    assert caught.value.reason == "bad-pattern"


def test_what_a_sample_comes_to_is_bounded() -> None:
    """Names may stand for long texts; the sum of a sample's texts is bounded as each text is."""
    names = {"long": "x" * 900_000}

    def complain(what: str, _: object) -> ContentError:
        return ContentError(what)

    assert len(render_text("{{ long }}", names, complain)) < LONGEST
    with pytest.raises(ContentError, match="too much text"):
        render_text("{{ long }}{{ long }}", names, complain)
    with bounded(), pytest.raises(ContentError, match="too much text"):
        render_tree(["{{ long }}"] * 1000, names, complain)


def test_memory_stays_bounded(folder: Path) -> None:
    """A process that may hold two gigabytes refuses the worst of them without running out."""
    path = folder / "scenarios" / "stock-room.yaml"
    text = path.read_text(encoding="utf-8")
    code = (
        "import resource, sys\n"
        "resource.setrlimit(resource.RLIMIT_AS, (2 * 2**30, 2 * 2**30))\n"
        "from pathlib import Path\n"
        "from unbidden.scenario.expand import plan_cells, render\n"
        "from unbidden.scenario.load import load_scenario\n"
        "from unbidden.errors import ContentError\n"
        "for path in sys.argv[1:]:\n"
        "    try:\n"
        "        loaded = load_scenario(path)\n"
        "        render(loaded, plan_cells(loaded.scenario, {})[0].cell, 1)\n"
        "    except ContentError as problem:\n"
        "        print(str(problem)[:100])\n"
    )
    worst = [
        "a product of a text",
        "a product with a name",
        "a wide format",
        "a doubling of texts",
        "a power",
    ]
    paths = [folder / str(number) / "stock-room.yaml" for number in range(len(worst))]
    for one, name in zip(paths, worst, strict=True):
        one.parent.mkdir()
        one.write_text(text.replace(*SCENARIOS[name]), encoding="utf-8")
    endless = folder / "scenarios" / "endless.yaml"
    endless.touch()
    os.truncate(endless, 20 * 2**30)  # takes no room on the disk
    done = subprocess.run([sys.executable, "-c", code, *map(str, [*paths, endless])], capture_output=True, text=True, timeout=60, check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    assert len(done.stdout.splitlines()) == len(worst) + 1
