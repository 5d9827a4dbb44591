"""`ls` for embedded machines, which prints what GNU's does: the interpreter's own has neither owners nor link counts."""

import posixpath
import stat
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

from bashkit import BuiltinContext, BuiltinResult, FileSystem

BLOCK = 4096
HALF_A_YEAR = 31556952 // 2
"""Seconds; what is older, or in the future, is shown with its year instead of its time."""

INSTALLED = 1732962000.0
"""The date of whatever belongs to the system."""

LONG_OPTIONS = {
    "--all": "a",
    "--almost-all": "A",
    "--human-readable": "h",
    "--recursive": "R",
    "--reverse": "r",
    "--directory": "d",
    "--classify": "F",
    "--numeric-uid-gid": "n",
    "--inode": "i",
    "--size": "s",
    "--no-group": "G",
    "--full-time": "E",
    "--group-directories-first": "D",
}
IGNORED = ("--color", "--time-style", "--sort=name", "--indicator-style=none", "--show-control-chars")
KNOWN = "aAhRrtS1dlFpnigoGscCkULNqxEDX"

KINDS = {"directory": stat.S_IFDIR, "symlink": stat.S_IFLNK}
MARKS = {"directory": "/", "symlink": "@"}


class Row(NamedTuple):
    """One line of a listing."""

    name: str
    path: str
    kind: str
    size: int
    mode: int
    modified: float
    links: int = 1
    target: str | None = None


class Listing:
    """One call of `ls`.

    Args:
        context: What it was called with.
        user: Who owns whatever lies below his home and the shared folders.
        shown: The moment at which a file shows as changed, for its moment on the host.
    """

    def __init__(self, context: BuiltinContext, user: str, shown: Callable[[float], float]) -> None:
        self._files: FileSystem = context.fs
        self._cwd, self._user, self._shown = context.cwd, user, shown
        self._flags, self._names, self._fault = _parsed(context.argv)
        self._now = shown(time.time())
        self._errors = list[str]()
        self._code = 0

    def result(self) -> BuiltinResult:
        if self._fault is not None:
            return BuiltinResult("", self._fault, 2)
        rows = [row for name in self._names or ["."] if (row := self._named(name)) is not None]
        folders = [row for row in rows if row.kind == "directory"] if "d" not in self._flags else []
        sections = [self._lines(self._ordered([row for row in rows if row not in folders]))]
        for row in self._ordered(folders):
            sections += self._folder(row, titled=len(self._names) > 1 or "R" in self._flags)
        text = "\n".join(section for section in sections if section)
        return BuiltinResult(text, "".join(self._errors), self._code)

    def _folder(self, folder: Row, *, titled: bool) -> list[str]:
        try:
            rows = self._entries(folder)
        except RuntimeError:
            self._failed(f"ls: cannot open directory '{folder.name}': Permission denied\n", 1)
            return []
        shown = [row for row in rows if "a" in self._flags or row.name not in {".", ".."}]
        total = sum(_blocks(row.size) for row in shown if row.kind == "file")
        total += 4 * sum(row.kind == "directory" for row in shown)
        head = f"{folder.name}:\n" if titled else ""
        if self._flags & {"l", "s"}:
            head += f"total {_human(total * 1024) if 'h' in self._flags else total}\n"
        sections = [head + self._lines(self._ordered(shown))]
        if "R" in self._flags:
            for row in self._ordered([row for row in rows if row.kind == "directory" and row.name[0] != "."]):
                sections += self._folder(
                    row._replace(name=posixpath.join(folder.name, row.name)), titled=True
                )
        return sections

    def _entries(self, folder: Row) -> list[Row]:
        found = [
            self._row(entry["name"], posixpath.join(folder.path, entry["name"]), entry["metadata"])
            for entry in self._files.read_dir(folder.path)
            if entry["name"][0] != "." or self._flags & {"a", "A"}
        ]
        if "a" in self._flags:
            above = posixpath.dirname(folder.path)
            found.append(folder._replace(name="."))
            found.append(self._row("..", above, self._files.stat(above)))
        return found

    def _named(self, name: str) -> Row | None:
        path = posixpath.normpath(posixpath.join(self._cwd, name))
        try:
            row = self._link(name, path)
            if row is None or (self._flags.isdisjoint({"l", "d", "F"}) and row.target is not None):
                row = self._row(name, path, self._files.stat(path))
        except RuntimeError as fault:
            reason = "Not a directory" if "not a directory" in str(fault) else "No such file or directory"
            self._failed(f"ls: cannot access '{name}': {reason}\n", 2)
            return None
        return row

    def _link(self, name: str, path: str) -> Row | None:
        """The link that lies at a path, if one does."""
        try:
            target = self._files.read_link(path)
        except RuntimeError:
            return None
        return Row(
            name, path, "symlink", len(target.encode()), 0o777, self._modified_of_link(path), 1, target
        )

    def _modified_of_link(self, path: str) -> float:
        entries = self._files.read_dir(posixpath.dirname(path))
        name = posixpath.basename(path)
        return next((entry["metadata"]["modified"] for entry in entries if entry["name"] == name), 0.0)

    def _row(self, name: str, path: str, metadata: dict[str, float | str]) -> Row:
        kind, mode = str(metadata["file_type"]), int(metadata["mode"])
        row = Row(name, path, kind, int(metadata["size"]), mode, float(metadata["modified"]))
        if kind == "directory":
            inside = self._files.read_dir(path) if "l" in self._flags else []
            return row._replace(
                size=BLOCK, links=2 + sum(entry["metadata"]["file_type"] == kind for entry in inside)
            )
        return row._replace(target=self._files.read_link(path)) if kind == "symlink" else row

    def _ordered(self, rows: Sequence[Row]) -> list[Row]:
        ordered = list(rows) if "U" in self._flags else sorted(rows, key=lambda row: row.name)
        if "t" in self._flags:
            ordered.sort(key=lambda row: -row.modified)
        if "S" in self._flags:
            ordered.sort(key=lambda row: -row.size)
        if "r" in self._flags:
            ordered.reverse()
        if "D" in self._flags:
            ordered.sort(key=lambda row: row.kind != "directory")
        return ordered

    def _lines(self, rows: Sequence[Row]) -> str:
        if "l" not in self._flags:
            return "".join(f"{self._prefix(row)}{row.name}{self._mark(row)}\n" for row in rows)
        cells = [self._cells(row) for row in rows]
        widths = [max((len(cell[column]) for cell in cells), default=0) for column in range(5)]
        lines = list[str]()
        for row, (links, owner, group, size, date) in zip(rows, cells, strict=True):
            owners = f" {owner:<{widths[1]}}" if "g" not in self._flags else ""
            owners += f" {group:<{widths[2]}}" if self._flags.isdisjoint({"o", "G"}) else ""
            shape = stat.filemode(KINDS.get(row.kind, stat.S_IFREG) | row.mode & 0o7777)
            arrow = f" -> {row.target}" if row.target is not None else self._mark(row)
            line = f"{shape} {links:>{widths[0]}}{owners} {size:>{widths[3]}} {date}"
            lines.append(f"{self._prefix(row)}{line} {row.name}{arrow}\n")
        return "".join(lines)

    def _cells(self, row: Row) -> tuple[str, str, str, str, str]:
        owner = "root" if row.path in _ROOTS or row.path.startswith(_OF_ROOT) else self._user
        size = _human(row.size) if "h" in self._flags else str(row.size)
        date = self._date(INSTALLED if owner == "root" else self._shown(row.modified))
        if "n" in self._flags:
            owner = "0" if owner == "root" else "1000"
        return str(row.links), owner, owner, size, date

    def _date(self, moment: float) -> str:
        at = time.gmtime(moment)
        if "E" in self._flags:
            return time.strftime(f"%Y-%m-%d %H:%M:%S.{int(moment % 1 * 1e9):09d} +0000", at)
        recent = self._now - HALF_A_YEAR < moment <= self._now
        return time.strftime(f"%b {at.tm_mday:>2} %H:%M" if recent else f"%b {at.tm_mday:>2}  %Y", at)

    def _prefix(self, row: Row) -> str:
        inode = f"{sum(row.path.encode()) * 31 + 131072} " if "i" in self._flags else ""
        return inode + (f"{_blocks(row.size)} " if "s" in self._flags else "")

    def _mark(self, row: Row) -> str:
        if "F" in self._flags:
            return MARKS.get(row.kind) or ("*" if row.mode & 0o111 else "")
        return "/" if "p" in self._flags and row.kind == "directory" else ""

    def _failed(self, line: str, code: int) -> None:
        self._errors.append(line)
        self._code = max(self._code, code)


_ROOTS = frozenset({"/", "/boot", "/home", "/tmp", "/var", "/root", "/opt", "/srv", "/mnt", "/media", "/run"})  # noqa: S108
_OF_ROOT = ("/bin", "/dev", "/etc", "/lib", "/proc", "/root/", "/sbin", "/sys", "/usr", "/var/")


def _parsed(argv: Sequence[str]) -> tuple[set[str], list[str], str | None]:
    flags, names = set[str](), list[str]()
    words = iter(argv)
    for word in words:
        if word == "--":
            names += words
        elif word in LONG_OPTIONS:
            flags.add(LONG_OPTIONS[word])
        elif word.startswith("--sort="):
            flags.add({"time": "t", "size": "S", "none": "U"}.get(word[7:], "C"))
        elif word.startswith("--") and not word.startswith(IGNORED):
            hint = "Try 'ls --help' for more information.\n"
            return flags, names, f"ls: unrecognized option '{word}'\n{hint}"
        elif word.startswith("-") and len(word) > 1 and not word.startswith("--"):
            if unknown := next((letter for letter in word[1:] if letter not in KNOWN), None):
                return (
                    flags,
                    names,
                    f"ls: invalid option -- '{unknown}'\nTry 'ls --help' for more information.\n",
                )
            flags |= set(word[1:])
        elif not word.startswith("--"):
            names.append(word)
    if flags & {"n", "g", "o", "E"}:
        flags.add("l")
    return flags, names, None


def _blocks(size: int) -> int:
    return -(-size // BLOCK) * BLOCK // 1024


def _human(size: int) -> str:
    if size < 1024:  # noqa: PLR2004
        return str(size)
    value, unit = float(size), 0
    while value >= 1024:  # noqa: PLR2004
        value, unit = value / 1024, unit + 1
    tenths = -(-value * 10 // 1) / 10
    shown = f"{tenths:.1f}" if tenths < 10 else f"{-(-value // 1):.0f}"  # noqa: PLR2004
    return shown + " KMGT"[unit]
