"""What a machine notices of its watched folders."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from unbidden.sandbox import watch
from unbidden.sandbox.watch import Watch
from unbidden.sandbox.wire import to_bytes, to_text

PLAIN = 0o644
CLOSED = 0o600
STAMP = 1_700_000_000.0

Report = list[tuple[str, bytes | None, int]]


@pytest.fixture(autouse=True)
def usual_mask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A watched folder with two files; beside it lies one that is not watched."""
    folder = tmp_path / "stock"
    (folder / "old").mkdir(parents=True)
    (folder / "lots.csv").write_text("lots")
    (folder / "old" / "audit.txt").write_text("signed")
    (tmp_path / "outside.txt").write_text("secret")
    return folder


@pytest.fixture
def watched(root: Path) -> Watch:
    found = Watch([str(root)])
    found.rebase()
    return found


def told(watched: Watch, root: Path) -> Report:
    """A report with paths relative to the folder."""
    return [
        (os.path.relpath(path, root), None if content is None else to_bytes(content), mode)
        for path, content, mode in watched.report()
    ]


def test_every_kind_of_change_is_told_once(watched: Watch, root: Path) -> None:
    """New, changed, closed and deleted files are told, deletions first; the next report is empty."""
    (root / "lots.csv").write_text("lost")
    (root / "deep" / "er").mkdir(parents=True)
    (root / "deep" / "er" / "new.txt").write_bytes(b"\xff\x00")
    (root / "old" / "audit.txt").unlink()
    (root / "closed").touch(CLOSED)
    expected: Report = [
        ("old/audit.txt", None, PLAIN),
        ("closed", b"", CLOSED),
        ("deep/er/new.txt", b"\xff\x00", PLAIN),
        ("lots.csv", b"lost", PLAIN),
    ]
    assert told(watched, root) == expected
    assert told(watched, root) == []


def test_permission_bits_are_a_change(watched: Watch, root: Path) -> None:
    """A file whose bits differ is told with its content."""
    (root / "lots.csv").chmod(CLOSED)
    assert told(watched, root) == [("lots.csv", b"lots", CLOSED)]


def test_a_quick_change_of_the_same_length_is_not_missed(
    watched: Watch, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Changes in quick succession are each told, even where the file system's clock does not tell them apart."""
    monkeypatch.setattr(watch, "_mark", lambda _: (0,))
    for text in ("aaaa", "bbbb", "cccc"):
        (root / "lots.csv").write_text(text)
        assert told(watched, root) == [("lots.csv", text.encode(), PLAIN)]


def test_a_forged_time_hides_nothing(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Setting a file's date back after a change of the same length does not hide the change, however old the file."""
    monkeypatch.setattr(watch, "UNSURE", 0)
    watched = Watch([str(root)])
    watched.rebase()
    before = (root / "lots.csv").stat()
    (root / "lots.csv").write_text("lost")
    os.utime(root / "lots.csv", ns=(before.st_atime_ns, before.st_mtime_ns))
    assert told(watched, root) == [("lots.csv", b"lost", PLAIN)]


def test_an_old_file_is_not_read_again(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file whose times and size are as they were is taken for unchanged: a look costs no reading."""
    monkeypatch.setattr(watch, "UNSURE", 0)
    watched = Watch([str(root)])
    watched.rebase()
    monkeypatch.setattr(watch, "_content", None)
    assert told(watched, root) == []


def test_what_has_not_changed_is_no_change(watched: Watch, root: Path) -> None:
    """Dates, folders, a rewrite with the same content and another name for the folder's own file do not count."""
    os.utime(root / "lots.csv", (STAMP, STAMP))
    (root / "empty").mkdir()
    (root / "old" / "audit.txt").write_text("signed")
    assert told(watched, root) == []


def test_links_do_not_lead_out(watched: Watch, root: Path) -> None:
    """A link within the folder is a file; one that leads out of it, in whatever way, is none."""
    (root / "inside").symlink_to("lots.csv")
    (root / "outside").symlink_to(root.parent / "outside.txt")
    (root / "up").symlink_to("../outside.txt")
    (root / "folder").symlink_to(root.parent)
    (root / "loop").symlink_to("loop")
    assert told(watched, root) == [("inside", b"lots", PLAIN)]


def test_a_file_that_becomes_a_link_is_gone(watched: Watch, root: Path) -> None:
    """A file that has been moved out and linked to is no longer the folder's."""
    (root / "lots.csv").rename(root.parent / "taken")
    (root / "lots.csv").symlink_to(root.parent / "taken")
    assert told(watched, root) == [("lots.csv", None, PLAIN)]


def test_what_is_no_file_is_left_alone(watched: Watch, root: Path) -> None:
    """A pipe that nobody writes to does not hold the watch up."""
    os.mkfifo(root / "pipe")
    assert told(watched, root) == []


def test_a_large_file_is_told_by_its_beginning(watched: Watch, root: Path) -> None:
    """Of a file of many gigabytes only so much is read and told as a report can hold."""
    with (root / "large").open("wb") as file:
        file.truncate(1 << 40)
    assert told(watched, root) == [("large", bytes(watch.SHOWN), PLAIN)]


def test_a_flood_is_told_in_parts(watched: Watch, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What one report cannot hold comes with the next, and nothing is told twice."""
    monkeypatch.setattr(watch, "REPORT_FILES", 3)
    monkeypatch.setattr(watch, "REPORT_BYTES", 25)
    for number in range(8):
        (root / f"f{number}").write_bytes(b"0123456789")
    parts = [told(watched, root) for _ in range(4)]
    assert [[path for path, _, _ in part] for part in parts] == [
        ["f0", "f1", "f2"],
        ["f3", "f4", "f5"],
        ["f6", "f7"],
        [],
    ]


def test_more_files_than_are_looked_at_do_not_delete_others(
    watched: Watch, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder filled with files hides what is beyond the limit, but a known file is not taken for gone."""
    monkeypatch.setattr(watch, "LOOKED_AT", 3)
    for number in range(5):
        (root / f"a{number}").touch()
    (root / "lots.csv").write_text("lost")
    assert ("lots.csv", b"lost", PLAIN) in told(watched, root)


def test_folders_deeper_than_a_path_do_not_stop_a_report(
    watched: Watch, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What lies deeper than any path can name cannot be told; everything else still is."""
    monkeypatch.chdir(root)
    for _ in range(25):
        Path("d" * 200).mkdir()
        os.chdir("d" * 200)
    Path("deep").touch()
    (root / "lots.csv").write_text("lost")
    assert told(watched, root) == [("lots.csv", b"lost", PLAIN)]


def test_a_name_that_is_no_text_is_told_and_put_back(watched: Watch, root: Path) -> None:
    """Bytes that are no text are written out in the name, by which the file can still be named."""
    strange = root / os.fsdecode(b"a\xff\x1b[31m")
    strange.write_text("x")
    ((shown, _, _),) = watched.report()
    watched.settle([[shown, None, 0]], [shown], STAMP)
    assert shown == f"{root}/a\\xff\x1b[31m"
    assert not strange.exists()


def test_what_is_put_back_is_no_change(watched: Watch, root: Path) -> None:
    """Files go back as they were, with the date given, and are not told again."""
    (root / "lots.csv").write_text("lost")
    (root / "new").touch()
    paths = [path for path, _, _ in watched.report()]
    restore = [[str(root / "lots.csv"), to_text(b"lots"), CLOSED], [str(root / "new"), None, 0]]
    watched.settle(restore, paths, STAMP)
    lots = (root / "lots.csv").stat()
    assert told(watched, root) == []
    assert ((root / "lots.csv").read_bytes(), lots.st_mode & 0o777, lots.st_mtime) == (b"lots", CLOSED, STAMP)
    assert (root.stat().st_mtime, (root / "new").exists()) == (STAMP, False)


def test_putting_back_leaves_other_names_alone(watched: Watch, root: Path) -> None:
    """A second name for a file keeps what it holds when the first is put back."""
    os.link(root / "lots.csv", root.parent / "second")
    (root / "lots.csv").write_text("lost")
    watched.settle([[str(root / "lots.csv"), to_text(b"lots"), PLAIN]], [], STAMP)
    assert ((root / "lots.csv").read_text(), (root.parent / "second").read_text()) == ("lots", "lost")


def test_putting_back_makes_its_way(watched: Watch, root: Path) -> None:
    """Folders that have been deleted, replaced by a file or by a link are there again."""
    for path in (root / "old" / "audit.txt", root / "lots.csv"):
        path.unlink()
    (root / "old").rmdir()
    (root / "old").symlink_to(root.parent)
    (root / "lots.csv").mkdir()
    restore = [
        [str(root / "old" / "audit.txt"), to_text(b"signed"), PLAIN],
        [str(root / "lots.csv"), to_text(b"lots"), PLAIN],
    ]
    watched.settle(restore, [], STAMP)
    assert (root / "old" / "audit.txt").read_text() == "signed"
    assert not (root.parent / "audit.txt").exists()
    assert told(watched, root) == []


def test_what_cannot_be_put_back_is_told_again(watched: Watch, root: Path) -> None:
    """A file that could not be written is reported as gone, so that it can be tried again."""
    (root / "lots.csv").unlink()
    watched.report()
    (root / "lots.csv").mkdir()
    (root / "lots.csv" / "x").mkdir()
    blocked = "x" * 300  # longer than a name can be
    watched.settle([[str(root / blocked), to_text(b""), PLAIN]], [], STAMP)
    assert told(watched, root) == [(blocked, None, PLAIN)]


def test_a_root_may_be_a_file(tmp_path: Path) -> None:
    """A single file is watched like a folder."""
    (tmp_path / "notes").write_text("a")
    watched = Watch([str(tmp_path / "notes")])
    watched.rebase()
    (tmp_path / "notes").write_text("b")
    (tmp_path / "other").write_text("c")
    assert told(watched, tmp_path) == [("notes", b"b", PLAIN)]


def test_a_file_may_appear_when_nothing_was_there(tmp_path: Path) -> None:
    """A root that does not exist is empty until it does."""
    watched = Watch([str(tmp_path / "later")])
    watched.rebase()
    (tmp_path / "later").mkdir()
    (tmp_path / "later" / "a").touch()
    assert told(watched, tmp_path) == [("later/a", b"", PLAIN)]
