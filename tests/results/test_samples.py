"""The samples of a run, read from its logs without their transcripts."""

import json
import shutil
import struct
from collections.abc import Callable
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from inspect_ai.log import list_eval_logs, read_eval_log, write_eval_log

from unbidden.errors import ResultsError
from unbidden.results import samples
from unbidden.results.archive import HEAD
from unbidden.results.rows import VERDICTS, write_tables
from unbidden.results.samples import read_logs
from unbidden.run import Request, run
from unbidden.spec import resolve

pytestmark = pytest.mark.usefixtures("project")

Edit = Callable[[str, bytes], bytes | None]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    spec = resolve(["stock-room"], {}, 1)
    return run(Request(spec, ["unbidden/zealot"], tmp_path / "results")).folder


def log_in(folder: Path) -> Path:
    [path] = (folder / "logs").glob("*.eval")
    return path


def rewrite(folder: Path, edit: Edit) -> None:
    """Write the folder's log anew, member by member; one that `edit` makes `None` of is left out."""
    path = log_in(folder)
    with ZipFile(path) as log:
        members = {name: log.read(name) for name in dict.fromkeys(log.namelist())}
    with ZipFile(path, "w", ZIP_DEFLATED) as log:
        for name, text in members.items():
            if (edited := edit(name, text)) is not None:
                log.writestr(name, edited)


def no_inspect(*_: object, **__: object) -> None:
    pytest.fail("Inspect's reader was asked")


def test_what_is_read_is_what_inspect_reads(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Field by field as by Inspect's own reader, which is not needed for a sound log."""
    [info] = list_eval_logs(str(folder / "logs"))
    theirs = read_eval_log(info)
    monkeypatch.setattr(samples, "read_eval_log", no_inspect)
    [ours] = read_logs(folder)
    assert (ours.model, ours.scenario, ours.name) == (theirs.eval.model, "stock-room", Path(info.name).name)
    assert len(ours.samples) == len(theirs.samples or []) == 2
    for mine, other in zip(ours.samples, theirs.samples or [], strict=True):
        fields = type(mine).model_fields
        assert {name: getattr(mine, name) for name in fields} == {
            name: getattr(other, name) for name in fields
        }
        assert mine.record() is not None
        assert mine.meta() is not None


def test_another_format_is_read_by_inspect(folder: Path) -> None:
    """A log in JSON gives the same samples."""
    [before] = read_logs(folder)
    log = read_eval_log(str(log_in(folder)))
    log_in(folder).unlink()
    write_eval_log(log, str(folder / "logs" / "2026-01-01T00-00-00_stock-room_x.json"))
    [after] = read_logs(folder)
    assert after.samples == before.samples


def test_an_unfinished_log_is_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A log whose run was killed has no header; what was run stands at its start."""
    monkeypatch.setattr(samples, "read_eval_log", no_inspect)
    [before] = read_logs(folder)
    rewrite(folder, lambda name, text: None if name == HEAD[0] else text)
    assert read_logs(folder) == [before]


def test_samples_stand_in_inspects_order(folder: Path) -> None:
    """Whatever order they ended in, so that the same run gives the same tables."""
    [before] = read_logs(folder)
    path = log_in(folder)
    with ZipFile(path) as log:
        members = {name: log.read(name) for name in reversed(log.namelist())}
    with ZipFile(path, "w", ZIP_DEFLATED) as log:
        for name, text in members.items():
            log.writestr(name, text)
    assert read_logs(folder) == [before]


def test_a_score_of_a_sample_with_an_error_is_none(folder: Path) -> None:
    """Scores that stand beside an error are not taken for verdicts, and an error without words is one."""

    def failed(name: str, text: bytes) -> bytes:
        if not name.startswith("samples/"):
            return text
        error = {"message": "", "traceback": "", "traceback_ansi": ""}
        return json.dumps(json.loads(text) | {"error": error}).encode()

    rewrite(folder, failed)
    table = write_tables(folder)
    assert set(table["unscored"]) == {"error: (no message)"}
    assert table["counted"].isna().all()


def test_nesting_without_end_hides_no_sample(folder: Path) -> None:
    """What a subject nests deeper than the fast reader goes is left to Inspect's, and the run stays readable."""
    [before] = read_logs(folder)

    def nested(name: str, text: bytes) -> bytes:
        return (
            text.replace(b"{", b'{"timelines":' + b"[" * 5000 + b"]" * 5000 + b",", 1)
            if name[:8] == "samples/"
            else text
        )

    rewrite(folder, nested)
    assert read_logs(folder) == [before]


def test_a_sample_that_was_played_again_counts_once(folder: Path) -> None:
    """A log may hold two members of one name: the later one holds."""
    with ZipFile(log_in(folder), "a") as log:
        name = next(name for name in log.namelist() if name.startswith("samples/"))
        later = json.loads(log.read(name)) | {"uuid": "later"}
        with pytest.warns(UserWarning, match="Duplicate name"):
            log.writestr(name, json.dumps(later))
    [ours] = read_logs(folder)
    assert [sample.uuid for sample in ours.samples].count("later") == 1
    assert len(ours.samples) == 2


def test_of_several_logs_of_a_task_the_newest_counts(folder: Path) -> None:
    """A resumed run leaves the log it resumed beside the new one; the newest is the whole."""
    first = log_in(folder)
    later = first.with_name(f"3{first.name[1:]}")
    shutil.copy(first, later)
    [found] = read_logs(folder)
    assert found.name == later.name


@pytest.mark.parametrize("name", ["a b", "100%25", "q#1?", "zwölf"])
def test_a_folder_may_be_called_anything(folder: Path, name: str) -> None:
    """Inspect lists logs as addresses; the paths in them are taken as they are."""
    moved = folder.rename(folder.with_name(name))
    assert len(read_logs(moved)[0].samples) == 2


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def scratched(path: Path) -> None:
    """Sixteen bytes in the midst of the first sample's compressed data."""
    with ZipFile(path) as log:
        member = next(info for info in log.infolist() if info.filename.startswith("samples/"))
    data = bytearray(path.read_bytes())
    place = member.header_offset + 60 + member.compress_size // 2
    data[place : place + 16] = bytes(byte ^ 0xFF for byte in data[place : place + 16])
    path.write_bytes(data)


def unreadable(path: Path) -> None:
    """The first bytes of the first sample's compressed data, by which its compression is known."""
    with ZipFile(path) as log:
        member = next(info for info in log.infolist() if info.filename.startswith("samples/"))
    data = bytearray(path.read_bytes())
    name, extra = struct.unpack_from("<HH", data, member.header_offset + 26)
    place = member.header_offset + 30 + name + extra
    data[place : place + 4] = b"none"
    path.write_bytes(data)


@pytest.mark.parametrize("damage", [cut, emptied, scratched, unreadable])
def test_a_damaged_log_is_an_error(folder: Path, damage: Callable[[Path], None]) -> None:
    """Never a silent gap, and never an empty table."""
    damage(log_in(folder))
    (folder / VERDICTS).unlink()
    with pytest.raises(ResultsError, match="a log cannot be read"):
        write_tables(folder)
    assert not (folder / VERDICTS).exists()


@pytest.mark.parametrize("text", [b"{", b"[]", b"{}", b"\xff", b'{"id": 1}'])
def test_a_log_of_nonsense_is_an_error(folder: Path, text: bytes) -> None:
    """Members that are no samples are told of, with the log's name."""
    rewrite(folder, lambda name, was: text if name.startswith("samples/") else was)
    with pytest.raises(ResultsError, match=r"a log cannot be read .*") as found:
        read_logs(folder)
    assert str(log_in(folder)) in str(found.value)
