"""The watched folders of a machine with a real file system: what has changed in them. Standard library only.

Runs inside the machine, as its user. A change is reported once: what was reported is what the next look compares with.
"""

import hashlib
import os
import shutil
import stat
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import islice
from typing import Any, NamedTuple

from unbidden.sandbox.wire import to_bytes, to_text

SHOWN = 1 << 20
"""Bytes of a file that are reported."""

REPORT_BYTES, REPORT_FILES = 16 << 20, 2000
"""How much one report holds; what does not fit is in the next one."""

LOOKED_AT = 50_000
"""Files that are looked at: a folder filled with more must not hold the machine up."""

OPEN = 0o700
"""What a folder's permission bits must hold for its owner to look into it and change it."""

UNSURE = 100_000_000
"""Nanoseconds: a file changed so shortly before a look may change again without its times showing it."""


class Seen(NamedTuple):
    """A file when it was last looked at; without `mark` it must be read again to know whether it has changed."""

    mark: tuple[int, ...] | None
    digest: bytes
    mode: int


class Watch:
    """Knows how the files below some folders were when last reported.

    Args:
        roots: Absolute paths; one may also be a file.
    """

    def __init__(self, roots: Sequence[str]) -> None:
        self._roots = [os.path.normpath(root) for root in roots]
        self._known: dict[str, Seen] = {}
        self._real: dict[str, str] = {}

    def rebase(self) -> None:
        """Takes everything as it is now for known."""
        with self._look() as present:
            self._known = {path: _seen(found, _content(path, found)) for path, found in present.items()}

    def report(self) -> list[list[Any]]:
        """What has changed, as it travels: path, content or `None`, permission bits."""
        with self._look() as present:
            return self._compared(present)

    def settle(self, restore: Sequence[Sequence[Any]], paths: Sequence[str], stamp: float) -> None:
        """Put files back as they were, and date what was reported to the world's time."""
        for shown, content, mode in restore:
            path = self._real.get(str(shown), str(shown))
            with suppress(OSError):  # the disk may be full: the next report then says so again
                self._put_back(path, None if content is None else to_bytes(content), mode)
        for shown in paths:
            for path in self._up_to_root(self._real.get(shown, shown)):
                with suppress(OSError):
                    os.utime(path, (stamp, stamp), follow_symlinks=False)

    def _compared(self, present: dict[str, os.stat_result]) -> list[list[Any]]:
        gone = list(islice((path for path in self._known if path not in present), REPORT_FILES))
        changes: list[list[Any]] = [[self._shown(path), None, self._known.pop(path).mode] for path in gone]
        room = REPORT_BYTES
        for path, found in present.items():
            if len(changes) >= REPORT_FILES or room <= 0:
                break
            if (content := self._changed(path, found)) is not None:
                room -= len(content)
                changes.append([self._shown(path), to_text(content), stat.S_IMODE(found.st_mode)])
        return changes

    def _changed(self, path: str, found: os.stat_result) -> bytes | None:
        """The content of a file that is not as it was known; it is known from now on."""
        known = self._known.get(path)
        if known is not None and known.mark == _mark(found):
            return None
        content = _content(path, found)
        seen = _seen(found, content)
        self._known[path] = seen
        return content if known is None or known[1:] != seen[1:] else None

    def _put_back(self, path: str, content: bytes | None, mode: int) -> None:
        self._known.pop(path, None)
        if content is not None:
            self._known[path] = Seen(None, _digest(content[:SHOWN], len(content)), mode)
        for folder in reversed(self._up_to_root(path)[1:]):
            _make_way(folder)
        if os.path.isdir(path) and not os.path.islink(path):
            shutil.rmtree(path)
        elif os.path.lexists(path):
            os.unlink(path)  # not written over: another name of the same file must keep what it holds
        if content is None:
            return
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
        os.chmod(path, mode)

    def _up_to_root(self, path: str) -> list[str]:
        """The path and the folders that it lies in, up to its root."""
        inside = [root for root in self._roots if path == root or path.startswith(f"{root}/")]
        if not inside:
            return []
        found = [path]
        while found[-1] != inside[0]:
            found.append(os.path.dirname(found[-1]))
        return found

    @contextmanager
    def _look(self) -> Generator[dict[str, os.stat_result]]:
        """Every file below the roots. What hides behind permission bits is opened for as long as it is looked at."""
        opened: list[tuple[str, int]] = []
        found = dict(islice(self._files(opened), LOOKED_AT))
        if len(found) == LOOKED_AT:  # what was not reached is not gone
            for path in self._known.keys() - found.keys():
                with suppress(OSError):
                    found[path] = os.lstat(path)
        try:
            yield found
        finally:
            for path, mode in reversed(opened):
                with suppress(OSError):
                    os.chmod(path, mode)

    def _files(self, opened: list[tuple[str, int]]) -> Iterator[tuple[str, os.stat_result]]:
        left, folders = [*self._roots], 0
        while left and folders < LOOKED_AT:
            path = left.pop()
            try:
                what = os.lstat(path)
                if stat.S_ISLNK(what.st_mode) and self._stays_inside(path):
                    what = os.stat(path)
                if stat.S_ISREG(what.st_mode):
                    yield path, what
                elif stat.S_ISDIR(what.st_mode) and not os.path.islink(path):
                    folders += 1
                    left += _entries(path, stat.S_IMODE(what.st_mode), opened)
            except OSError:  # gone in the meantime, or deeper than a path can be
                continue

    def _stays_inside(self, link: str) -> bool:
        """Whether a link leads to what is watched anyway."""
        target = os.path.realpath(link)
        return any(target.startswith(f"{root}/") for root in self._roots)

    def _shown(self, path: str) -> str:
        """The path as text: a file's name need not be any."""
        shown = os.fsencode(path).decode("utf-8", "backslashreplace")
        self._real[shown] = path
        return shown


def _entries(folder: str, mode: int, opened: list[tuple[str, int]]) -> list[str]:
    if mode & OPEN != OPEN:
        opened.append((folder, mode))
        os.chmod(folder, OPEN)
    with os.scandir(folder) as entries:
        return sorted((entry.path for entry in islice(entries, LOOKED_AT)), reverse=True)


def _make_way(folder: str) -> None:
    """Have a folder where one was, that can be written to."""
    if not os.path.isdir(folder) or os.path.islink(folder):
        if os.path.lexists(folder):
            os.unlink(folder)
        os.mkdir(folder)
    elif not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        os.chmod(folder, OPEN)


def _content(path: str, found: os.stat_result) -> bytes:
    """The beginning of a file; one without the right to be read is given it for a moment."""
    flags = os.O_RDONLY | os.O_NONBLOCK  # what has become a pipe in the meantime must not be waited for
    try:
        file = os.open(path, flags)
    except PermissionError:
        os.chmod(path, 0o600)
        file = os.open(path, flags)
        os.chmod(path, stat.S_IMODE(found.st_mode))
    except OSError:
        return b""
    with open(file, "rb") as opened:
        return opened.read(SHOWN) or b""


def _seen(found: os.stat_result, content: bytes) -> Seen:
    fresh = found.st_ctime_ns > time.time_ns() - UNSURE
    return Seen(None if fresh else _mark(found), _digest(content, found.st_size), stat.S_IMODE(found.st_mode))


def _mark(found: os.stat_result) -> tuple[int, ...]:
    """What cannot stay the same when a file changes: only the kernel sets the time of a file's last change."""
    return (found.st_ino, found.st_size, found.st_ctime_ns)


def _digest(content: bytes, size: int) -> bytes:
    return hashlib.sha256(content).digest() + size.to_bytes(8, "big")
