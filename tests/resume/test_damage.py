"""What is damaged, taken, or not to be written: one clear message, and every byte of it left as it was."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import pytest

from unbidden.errors import BadInputError, ResultsError, StoppedError
from unbidden.results.compare import compare
from unbidden.results.manifest import MANIFEST
from unbidden.results.rows import PROVENANCE, VERDICTS, read_verdicts
from unbidden.results.whole import whole
from unbidden.resume import LOCK, held
from unbidden.run import Outcome, Request, run
from unbidden.spec import resolve

pytestmark = pytest.mark.usefixtures("project")

MODELS = ("unbidden/zealot", "unbidden/bystander")


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The results folder of a run of two subjects, two samples each."""
    results = tmp_path_factory.mktemp("finished")
    with pytest.MonkeyPatch.context() as patched:
        patched.chdir(Path(__file__).parents[1] / "project")
        play(results)
    return results


@pytest.fixture
def results(finished: Path, tmp_path: Path) -> Path:
    """A copy of it, with the times of change."""
    return Path(shutil.copytree(finished, tmp_path / "results"))


def play(results: Path, *models: str) -> Outcome:
    return run(Request(resolve(["stock-room"], {}, 1), models or MODELS, results))


def the(results: Path) -> Path:
    [folder] = results.iterdir()
    return folder


def log_of(results: Path, model: str) -> Path:
    logs = (the(results) / "logs").glob("*.eval")
    [path] = [path for path in logs if model.encode() in ZipFile(path).read("header.json")]
    return path


def contents(folder: Path) -> dict[str, bytes]:
    """Every file, but for the lock, which says who was here last."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != LOCK
    }


def refused(results: Path) -> str:
    """What is said when the run is taken up; nothing may change by it."""
    before = contents(results)
    with pytest.raises(BadInputError) as found:
        play(results)
    assert contents(results) == before
    return str(found.value)


def cut(share: float) -> Callable[[Path], None]:
    return lambda path: os.truncate(path, int(path.stat().st_size * share))


def scratched(path: Path) -> None:
    """Sixteen bytes in the midst of the first sample's compressed data."""
    with ZipFile(path) as log:
        member = next(info for info in log.infolist() if info.filename.startswith("samples/"))
    data = bytearray(path.read_bytes())
    place = member.header_offset + 60 + member.compress_size // 2
    data[place : place + 16] = bytes(byte ^ 0xFF for byte in data[place : place + 16])
    path.write_bytes(data)


DAMAGES: dict[str, Callable[[Path], None]] = {
    "empty": cut(0),
    "a tenth of it": cut(0.1),
    "half of it": cut(0.5),
    "all but the end": cut(0.999),
    "scratched": scratched,
    "another thing": lambda path: path.write_bytes(b"not a log at all"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_log_is_named_with_what_is_lost(damage: str, results: Path) -> None:
    """The log, that two of the four samples are in no other, and what to do; it is not replaced behind the user's back."""
    log = log_of(results, "zealot")
    DAMAGES[damage](log)
    said = refused(results)
    assert str(log) in said
    assert "2 of the run's 4 samples are in no other log" in said
    assert "Put back a sound copy" in said


def test_a_damaged_log_that_is_moved_away_is_played_again(results: Path, tmp_path: Path) -> None:
    """The way out that the message names works: only the lost samples are played, and the table is what it was."""
    table = (the(results) / VERDICTS).read_bytes()
    log = log_of(results, "zealot")
    cut(0.5)(log)
    refused(results)
    log.rename(tmp_path / log.name)
    assert play(results).played == 2
    assert (the(results) / VERDICTS).read_bytes() == table


@pytest.mark.parametrize("share", [0, 0.3, 0.999])
def test_a_damaged_manifest_can_be_written_anew(share: float, results: Path) -> None:
    """It is named with the way out; deleted, it is written again from the same command, and nothing is played."""
    manifest, table = the(results) / MANIFEST, (the(results) / VERDICTS).read_bytes()
    sound = manifest.read_bytes()
    cut(share)(manifest)
    assert f"{manifest}: " in (said := refused(results))
    assert "delete it" in said
    manifest.unlink()
    assert play(results).played == 0
    assert manifest.read_bytes() == sound
    assert (the(results) / VERDICTS).read_bytes() == table


@pytest.mark.parametrize("share", [0, 0.5, 0.999])
def test_a_damaged_table_says_what_to_do(share: float, results: Path) -> None:
    """It is named, deleting it is the cure, and the same run writes it anew."""
    table = the(results) / VERDICTS
    sound = table.read_bytes()
    cut(share)(table)
    with pytest.raises(ResultsError, match=r"verdicts\.parquet: cannot be read .*unbidden table --rebuild"):
        compare([the(results)])
    table.unlink()
    read_verdicts(the(results))
    assert table.read_bytes() == sound
    cut(share)(table)
    assert play(results).played == 0
    assert table.read_bytes() == sound


def test_two_runs_do_not_share_a_folder(results: Path) -> None:
    """The second is told who is at work; when the first has gone, it may."""
    with held(the(results)):
        said = refused(results)
    assert "another 'unbidden run' is at work here" in said
    assert f"process {os.getpid()} on" in said
    assert play(results).played == 0


def test_a_results_folder_that_cannot_be_made_is_one_message(tmp_path: Path) -> None:
    """Below a file there are no folders."""
    (tmp_path / "file").write_text("x")
    with pytest.raises(BadInputError, match=r"cannot write there .* name another --results"):
        play(tmp_path / "file" / "results")


def test_a_table_that_cannot_be_written_stops_the_run(results: Path) -> None:
    """What is in the way is said without a traceback, and the logs are untouched."""
    part = the(results) / f".unbidden-{os.getpid()}-{PROVENANCE}.part"
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("unbidden.resume._LEFT_BEHIND", ())
        part.mkdir()
        with pytest.raises(
            StoppedError, match=r"could not go on \(Is a directory.*the same command .*goes on"
        ):
            play(results)
    part.rmdir()
    assert play(results).played == 0


def test_a_folder_that_can_only_be_read_is_still_compared(results: Path) -> None:
    """Where the table cannot be written, it is built all the same."""
    there = compare([the(results)]).as_json()
    (the(results) / VERDICTS).unlink()
    (the(results) / f".unbidden-{os.getpid()}-{PROVENANCE}.part").mkdir()
    assert compare([the(results)]).as_json() == there
    assert not (the(results) / VERDICTS).exists()


def test_the_newest_log_is_taken_up_whatever_the_times_of_change_say(results: Path) -> None:
    """In a copied folder a log that a kill left may seem the latest; nothing that has finished since is played again."""
    log = log_of(results, "zealot")
    left = log.with_name(f"1{log.name[1:]}")
    with ZipFile(log) as whole_log, ZipFile(left, "w", ZIP_DEFLATED) as older:
        for name in dict.fromkeys(whole_log.namelist()):
            if name.startswith("_journal/start"):
                older.writestr(name, whole_log.read(name))
    later = log.stat().st_mtime_ns + 10**9
    os.utime(left, ns=(later, later))
    assert play(results).played == 0
    assert len(read_verdicts(the(results))) == 2 * 2 * 3


def test_what_a_kill_leaves_half_written_is_cleared_away(results: Path) -> None:
    """Unfinished files of ours and of Inspect's, and Inspect's empty id file, are in nobody's way."""
    logs = the(results) / "logs"
    left = [logs / ".inspect_tmp_x.writing", the(results) / f".unbidden-1-{MANIFEST}.part"]
    for path in left:
        path.write_bytes(b"PK")
    (logs / ".eval-set-id").write_bytes(b"")
    assert play(results).played == 0
    assert not any(path.exists() for path in left)
    assert (logs / ".eval-set-id").read_bytes()


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    """What breaks while it is written leaves the old file, its rights, and nothing beside it."""
    path = tmp_path / "file"
    path.write_text("old")
    path.chmod(0o640)
    with pytest.raises(UnicodeEncodeError), whole(path) as part:
        part.write_text("n\ud800", encoding="utf-8")
    assert path.read_text() == "old"
    with whole(path) as part:
        part.write_text("new")
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("new", 0o640)
    assert list(tmp_path.iterdir()) == [path]
