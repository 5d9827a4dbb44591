"""Run folders and logs from a stranger: one documented error or inert output; nothing outside the folder is read or written."""

import json
import pickle
import shutil
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

import inspect_ai.log  # noqa: F401 - teaches zipfile the compression of Inspect's logs
import pandas as pd
import pytest

from unbidden import cli
from unbidden.errors import ResultsError
from unbidden.results.archive import must_unpack
from unbidden.results.manifest import read_manifest
from unbidden.results.rows import VERDICTS
from unbidden.run import Request, run
from unbidden.spec import resolve

PROJECT = Path(__file__).parents[1] / "project"
SECRET = "canary-of-the-host-9d2e"  # noqa: S105 - what nobody may read
NASTY = "\x1b[31mred\x1b]8;;https://evil.example\x1b\\link\x07\u202egpj.exe\u2066[bold]x[/bold][link=https://evil.example]y[/]<script>alert(1)</script>=cmd|' /C calc'!A0\r\n"
"""What a terminal, rich, a browser and a spreadsheet would each take for more than text."""


@pytest.fixture(scope="module")
def honest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run folder as we write it."""
    with pytest.MonkeyPatch.context() as patched:
        patched.chdir(PROJECT)
        request = Request(
            resolve(["stock-room"], {}, 1), ["unbidden/zealot"], tmp_path_factory.mktemp("runs")
        )
        return run(request).folder


@pytest.fixture
def folder(honest: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it for a stranger to change, with the host's files beside it."""
    monkeypatch.chdir(PROJECT)
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.yaml").write_text(SECRET)
    (outside / "secret.jsonl").write_text("")
    shutil.copyfile(honest / VERDICTS, outside / "theirs.parquet")
    return Path(shutil.copytree(honest, tmp_path / "given" / honest.name))


def said(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *words: str) -> tuple[int, str]:
    """Exit code (0 if the command just ends) and everything it printed."""
    monkeypatch.setattr(sys, "argv", ["unbidden", *words])
    try:
        cli.main()
        code: Any = 0
    except SystemExit as left:
        code = left.code
    printed = capsys.readouterr()
    return int(code or 0), printed.out + printed.err


def errors(text: str) -> int:
    return sum(line.startswith("error:") for line in text.splitlines())


def commands(folder: Path) -> list[list[str]]:
    out = folder.parent / "shared"
    return [
        ["compare", str(folder)],
        ["score", str(folder)],
        ["label", str(folder), "--behaviour", "lockout", "--report"],
        ["redact", str(folder), str(out)],
        ["table", str(folder), "--rebuild"],
        ["explain", str(folder)],
        ["onset", str(folder)],
        ["plan", "stock-room", "--model", "unbidden/zealot", "--from", str(folder)],
        ["baseline", "diff", str(folder), str(folder)],
    ]


def state(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def log_of(folder: Path) -> Path:
    [path] = (folder / "logs").glob("*.eval")
    return path


def rewritten(folder: Path, change: Callable[[str, Any], Any]) -> None:
    """Each member of the log, as data, through a change; the tables are forgotten."""
    path = log_of(folder)
    with ZipFile(path) as log:
        members = {name: json.loads(log.read(name)) for name in log.namelist()}
    with ZipFile(path, "w", ZIP_DEFLATED) as log:
        for name, data in members.items():
            log.writestr(name, json.dumps(change(name, data)))
    for name in ("verdicts.parquet", "provenance.parquet"):
        (folder / name).unlink()


def manifest(folder: Path, **changes: Any) -> None:
    path = folder / "manifest.json"
    data = json.loads(path.read_text())
    path.write_text(json.dumps({**data, **changes}))


def of_scenario(**changes: Any) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        [scenario] = json.loads((folder / "manifest.json").read_text())["scenarios"]
        manifest(folder, scenarios=[{**scenario, **changes}])

    return change


def in_samples(**changes: Any) -> Callable[[Path], None]:
    def change(name: str, data: Any) -> Any:
        return {**data, **changes} if name.startswith("samples/") else data

    return lambda folder: rewritten(folder, change)


def deep(depth: int = 100_000) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        path = log_of(folder)
        with ZipFile(path) as log:
            members = {name: log.read(name) for name in log.namelist()}
        nested = b'"store": ' + b'{"a":' * depth + b"1" + b"}" * depth
        with ZipFile(path, "w", ZIP_DEFLATED) as log:
            for name, data in members.items():
                log.writestr(name, data[:-1] + b"," + nested + b"}" if name.startswith("samples/") else data)
        (folder / "verdicts.parquet").unlink()

    return change


class Owning:
    """Runs a command when it is unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (Path("owned"),))


def linked(name: str, to: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        path.symlink_to(folder.parents[1] / "outside" / to)

    return change


REFUSED: dict[str, Callable[[Path], object]] = {
    "a behaviour that is a path": of_scenario(behaviours=["../../outside/secret"]),
    "a behaviour that is a file": of_scenario(behaviours=["../../outside/secret.yaml"]),
    "a behaviour that is an absolute path": of_scenario(behaviours=["/etc/passwd"]),
    "a scenario that is a path": of_scenario(id="../../../outside"),
    "a name that is a path": lambda folder: manifest(folder, name="../../outside/x"),
    "a digest that is a path": lambda folder: manifest(folder, digest="../x"),
    "a manifest of another shape": lambda folder: manifest(folder, models={"a": [1]}),
    "a manifest that is deep": lambda folder: (folder / "manifest.json").write_text("[" * 100_000),
    "a manifest that is a link": linked("manifest.json", "secret.yaml"),
    "tables that are links": linked("verdicts.parquet", "theirs.parquet"),
    "tables that are links to what is not there": linked("verdicts.parquet", "new.parquet"),
    "scores that are a link": linked("scores", ""),
    "labels that are a link": linked("labels/lockout.jsonl", "secret.jsonl"),
    "logs that are a link": linked("logs", ""),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_hostile_run_folder_is_refused_by_every_command(
    name: str, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Names in it are no paths and links out of it are not followed: one error, and nothing changes anywhere."""
    REFUSED[name](folder)
    before = state(folder.parents[1])
    for words in commands(folder):
        code, text = said(capsys, monkeypatch, *words)
        assert (code, errors(text), "Traceback" in text) == (2, 1, False), text
        assert SECRET not in text
    assert state(folder.parents[1]) == before


BROKEN: dict[str, Callable[[Path], object]] = {
    "no zip": lambda folder: log_of(folder).write_bytes(b"PK\x03\x04 no"),
    "a pickle": lambda folder: log_of(folder).write_bytes(pickle.dumps(Owning())),
    "a pickle for a table": lambda folder: (folder / VERDICTS).write_bytes(pickle.dumps(Owning())),
    "a store of another type": in_samples(store=[1, 2]),
    "scores of another type": in_samples(scores={"lockout": {"value": {"counted": {"a": [1]}}, "metadata": {"acts": {"a": 1}}}}),
    "scores without metadata": in_samples(scores={"lockout": {"value": {"counted": 1}}}),
    "acts that are a number": in_samples(scores={"lockout": {"value": {"counted": 1}, "metadata": {"acts": 7}}}),
    "a count that is a text": in_samples(scores={"lockout": {"value": {"counted": 1}, "metadata": {"counted": "x", "severity": "y"}}}),
    "an id that is a list": in_samples(id=[1]),
    "times that are texts": in_samples(total_time="long"),
    "an error without a message": in_samples(error={"message": "", "traceback": "", "traceback_ansi": ""}),
    "messages that are a number": in_samples(messages=7),
    "events of another type": in_samples(events=[{"event": "none"}]),
    "metadata that is deep": in_samples(metadata=json.loads("[" * 900 + "]" * 900)),
    "a store without end": deep(),
    "a header that is a list": lambda folder: rewritten(folder, lambda name, data: [] if name == "header.json" else data),
    "no header": lambda folder: rewritten(folder, lambda name, data: {} if name in {"header.json", "_journal/start.json"} else data),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_log_is_an_error_or_unscored(
    name: str, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever stands in a log, a command ends well or with one error of ours, and runs nothing of it."""
    BROKEN[name](folder)
    outside = folder.parents[1] / "outside"
    before = state(outside)
    for words in commands(folder):
        code, text = said(capsys, monkeypatch, *words)
        assert code in {0, 2}, text
        assert errors(text) == (1 if code else 0), text
        assert "Traceback" not in text
    assert not Path("owned").exists()
    assert state(outside) == before


def test_names_in_an_archive_lead_nowhere(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Members with paths for names are read as members or not at all; nothing is unpacked to a place."""
    with ZipFile(log_of(folder)) as log:
        [first, *_] = [log.read(name) for name in log.namelist() if name.startswith("samples/")]
    with ZipFile(log_of(folder), "a") as log:
        for name in (
            "../../outside/new",
            str(folder.parents[1] / "outside" / "absolute"),
            "samples/../../../outside/x.json",
            "samples/..\\x.json",
        ):
            log.writestr(name, first)
    before = state(folder.parents[1] / "outside")
    for words in commands(folder):
        said(capsys, monkeypatch, *words)
    assert state(folder.parents[1] / "outside") == before


def bomb(path: Path, megabytes: int) -> None:
    """A member of zeros between quotation marks, packed a thousand times smaller."""
    with (
        ZipFile(path, "a", ZIP_DEFLATED, compresslevel=1) as log,
        log.open("samples/bomb.json", "w", force_zip64=True) as member,
    ):
        member.write(b'{"id": "')
        for _ in range(megabytes):
            member.write(b"0" * 2**20)
        member.write(b'"}')


def test_a_bomb_is_refused_before_it_goes_off(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A log of less than a megabyte that comes to a hundred and fifty is refused by every command that reads logs."""
    bomb(log_of(folder), 150)
    assert log_of(folder).stat().st_size < 2**20
    (folder / VERDICTS).unlink()
    mapping = folder.parent / "mapping.yaml"
    mapping.write_text(MAPPING)
    ask = ["label", str(folder), "--behaviour", "lockout"]
    for words in (*commands(folder), ask, ["import", str(mapping), str(log_of(folder))]):
        code, text = said(capsys, monkeypatch, *words)
        assert (code, errors(text)) == (2, 1)
        assert "would unpack to" in text


MAPPING = """\
scenario: theirs
title: Theirs
reads: inspect
domain: x.example
agent: a@x.example
facts: []
behaviours: [lockout]
tools: {}
"""


def test_a_bomb_that_lies_about_its_size_is_cut_off(tmp_path: Path) -> None:
    """A directory that says one byte where more follows is damage, not a way around the limit."""
    path = tmp_path / "liar.eval"
    with ZipFile(path, "w", ZIP_STORED) as log:
        log.writestr("header.json", "{}" * 1000)
    data = path.read_bytes()
    path.write_bytes(data.replace((2000).to_bytes(4, "little"), (1).to_bytes(4, "little")))
    must_unpack(path)
    with pytest.raises((ResultsError, zlib.error)):
        raise_of(path)


def raise_of(path: Path) -> None:
    from unbidden.results.samples import read_logs  # noqa: PLC0415 - with the rest

    (path.parent / "logs").mkdir()
    shutil.copy(path, path.parent / "logs" / path.name)
    read_logs(path.parent)


def test_what_a_stranger_wrote_is_shown_as_text(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Titles, questions, models, reasons, cells and ids full of markup, escapes and bidirectional controls do nothing."""
    header = json.loads((folder / "manifest.json").read_text())
    [scenario] = header["scenarios"]
    nasty = {**scenario, "title": NASTY, "samples": [{**one, "twin": NASTY if one["twin"] != "none" else "none", "cell_id": NASTY, "cell": {NASTY: NASTY, "prompt": "bold"}} for one in scenario["samples"]]}  # fmt: skip
    manifest(folder, title=NASTY, question=NASTY, decider=NASTY, models=[NASTY], scenarios=[nasty])

    def change(name: str, data: Any) -> Any:
        if name.startswith("samples/"):
            return {**data, "error": {"message": NASTY, "traceback": NASTY, "traceback_ansi": NASTY}}
        if name in {"header.json", "_journal/start.json"}:
            return {**data, "eval": {**data["eval"], "model": NASTY}}
        return data

    rewritten(folder, change)
    for words in (
        *commands(folder)[:2],
        ["compare", str(folder), "--by", "prompt"],
        ["compare", str(folder), "--json"],
    ):
        code, text = said(capsys, monkeypatch, *words)
        assert code == 0, text
        assert all(char.isprintable() or char == "\n" for char in text), [
            c for c in text if not c.isprintable()
        ]
        assert "evil.example" in text
    table = pd.read_parquet(folder / VERDICTS)
    assert set(table["subject"]) == {NASTY}  # data stays data


def test_a_plain_name_is_one(folder: Path) -> None:
    """What is refused are paths and controls, not dots, plus signs or other scripts."""
    for name in ("a+b", "über-test", "v1.2", "试验"):
        manifest(folder, name=name)
        assert read_manifest(folder).name == name
    for name in ("", ".", "..", "a/b", "a\\b", "a\0b", "a\x1b[1m", "a\u202eb"):
        manifest(folder, name=name)
        with pytest.raises(ResultsError, match="plain name"):
            read_manifest(folder)
