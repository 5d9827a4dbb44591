"""The files of an embedded machine: what a command has changed of them, and what of that the world is told.

Two processes have the same files: that of the machine, and its copy which runs a command. What the copy has changed is
handed to the machine when the command has ended.
"""

import hashlib
import posixpath
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from bashkit import FileSystem

from unbidden.sandbox.wire import to_bytes, to_text

SYSTEM = frozenset({"/bin", "/dev", "/etc", "/lib", "/proc", "/sbin", "/sys", "/usr"})
"""Folders that no command can change for good."""

SHOWN = 1 << 20
"""Bytes of a file that the world is told."""


FIRST = 0o644
"""The mode that a file has which was just written."""


class Node(NamedTuple):
    """What there is at a path."""

    kind: str
    size: int
    mode: int
    modified: float
    target: str | None = None


Tree = dict[str, Node]


class Told(NamedTuple):
    """A watched file as the world knows it."""

    digest: str
    mode: int


class Disk:
    """A machine's files, below which some folders are watched.

    Args:
        files: The file system itself. It may be replaced for a while by another handle on it.
        roots: The watched folders, or files.
        chosen: The modes that the agent chose in this command; a mode that nobody chose is put back.
    """

    def __init__(self, files: FileSystem, roots: Sequence[str], chosen: Mapping[str, int]) -> None:
        self.files, self._chosen = files, chosen
        self._roots = [posixpath.normpath(root) for root in roots]
        self._told: dict[str, Told] = {}
        self._looked: Tree = {}

    def tree(self) -> Tree:
        """Everything that a command can change."""
        tops = [f"/{entry['name']}" for entry in self.files.read_dir("/")]
        return dict(self._below([top for top in tops if top not in SYSTEM]))

    def difference(self, before: Tree, after: Tree, also: Sequence[str] = ()) -> list[list[Any]]:
        """What `apply` makes `after` of `before` with; `also` are files whose content differs although nothing shows it."""
        gone = [[path, None, None, 0, 0] for path in before if path not in after]
        for path, node in after.items():
            if path in before:
                after[path] = self._mended(path, node, before[path].mode)
        changed = [path for path, node in after.items() if before.get(path) != node or path in also]
        return gone + [self._copied(path, after[path]) for path in changed]

    def copies(self, paths: Sequence[str]) -> list[list[Any]]:
        """Watched files for `apply`, as they are now."""
        found = [(path, self.node(path)) for path in paths]
        return [
            [path, None, None, 0, 0] if node is None else self._copied(path, node._replace(target=None))
            for path, node in found
        ]

    def apply(self, difference: Sequence[Sequence[Any]]) -> None:
        """Make the changes that another process has made to its copy. Times are left to the caller."""
        for path, kind, *_ in sorted(difference, key=lambda change: -len(change[0])):
            if kind is None or kind == "symlink":
                self._remove(path)
        for path, kind, content, mode, _ in sorted(difference, key=lambda change: change[0]):
            if kind == "symlink":
                self.files.symlink(content, path)
            elif kind == "directory":
                self._make_folder(path)
                self.files.chmod(path, mode)
            elif kind == "file":
                self.write(path, to_bytes(content), mode)

    def report(self, *, careful: bool) -> tuple[list[list[Any]], dict[str, Any]]:
        """What has changed in the watched folders since the last report.

        Args:
            careful: Read every file, rather than trust its size, mode and time.

        Returns:
            The changes as they travel, and what the world knows afterwards, for `know`.
        """
        present = dict(self._watched())
        gone = [path for path in self._told if path not in present]
        changes: list[list[Any]] = [[path, None, self._told[path].mode] for path in gone]
        knows: dict[str, Any] = dict.fromkeys(gone)
        for path, found in present.items():
            node = self._mended(path, found, self._told[path].mode if path in self._told else None)
            if not careful and self._looked.get(path) == node:
                continue
            content = self.read(path)
            told = Told(_digest(content), node.mode)
            if self._told.get(path) != told:
                changes.append([path, to_text(content[:SHOWN]), node.mode])
                knows[path] = list(told)
        self._looked = present
        self.know(knows)
        return changes, knows

    def know(self, knows: Mapping[str, Any]) -> None:
        """What the world has been told, by whichever process."""
        for path, told in knows.items():
            if told is None:
                self._told.pop(path, None)
            else:
                self._told[path] = Told(*told)

    def rebase(self) -> None:
        """Take everything as it is for told."""
        self._told = {path: Told(_digest(self.read(path)), node.mode) for path, node in self._watched()}

    def put_back(self, restore: Sequence[Sequence[Any]]) -> None:
        """Make files as the world says they are."""
        for path, content, mode in restore:
            self._remove(path)
            self._told.pop(path, None)
            if content is not None:
                self.write(path, to_bytes(content), mode)
                self._told[path] = Told(_digest(to_bytes(content)), mode)

    def write(self, path: str, content: bytes, mode: int | None = None) -> None:
        """Write a file, and make its folders.

        Raises:
            RuntimeError: As the file system raises it: the disk is full, the path is a folder, the place is read-only.
        """
        self._make_folder(posixpath.dirname(path))
        if mode is None and (node := self.node(path)) is not None:
            mode = node.mode
        self.files.write_file(path, content)
        if mode is not None:
            self.files.chmod(path, mode)

    def read(self, path: str) -> bytes:
        """A file's content; nothing if it is none any more."""
        with suppress(RuntimeError):
            return self.files.read_file(path)
        return b""

    def node(self, path: str) -> Node | None:
        """What a path leads to, links followed."""
        with suppress(RuntimeError):
            return _node(self.files.stat(path))
        return None

    def _mended(self, path: str, node: Node, mode: int | None) -> Node:
        """What there is, with the mode that was there or was chosen, where writing over it has reset it."""
        mode = self._chosen.get(path, mode)
        if node.kind != "file" or node.mode != FIRST or mode is None or mode == FIRST:
            return node
        self.files.chmod(path, mode)
        return node._replace(mode=mode)

    def _copied(self, path: str, node: Node) -> list[Any]:
        content = node.target if node.kind == "symlink" else None
        if node.kind == "file":
            content = to_text(self.read(path))
        return [path, node.kind, content, node.mode, node.modified]

    def _make_folder(self, path: str) -> None:
        for above in _steps(path):
            node = self.node(above)
            if node is None or node.kind != "directory":
                self._remove(above)
                self.files.mkdir(above)

    def _remove(self, path: str) -> None:
        with suppress(RuntimeError):  # not there
            self.files.remove(path, recursive=True)

    def _watched(self) -> Iterator[tuple[str, Node]]:
        """The files below the roots. A link is one if what it leads to is watched anyway."""
        for path, node in self._below(self._roots):
            if node.kind == "file":
                yield path, node
            elif node.kind == "symlink" and self._stays_inside(path):
                target = self.node(path)
                if target is not None and target.kind == "file":
                    yield path, target

    def _stays_inside(self, path: str) -> bool:
        for _ in range(40):
            with suppress(RuntimeError):
                path = posixpath.normpath(posixpath.join(posixpath.dirname(path), self.files.read_link(path)))
                continue
            return any(path == root or path.startswith(f"{root}/") for root in self._roots)
        return False

    def _below(self, tops: Sequence[str]) -> Iterator[tuple[str, Node]]:
        left = list[tuple[str, Node]]()
        for top in tops:
            with suppress(RuntimeError):
                left.append((top, _node(self.files.stat(top))))
        while left:
            path, node = left.pop()
            if node.kind == "symlink":
                node = node._replace(target=self.files.read_link(path))
            elif node.kind == "directory":
                with suppress(RuntimeError):
                    left += [
                        (posixpath.join(path, entry["name"]), _node(entry["metadata"]))
                        for entry in self.files.read_dir(path)
                    ]
            yield path, node


def _node(metadata: Mapping[str, Any]) -> Node:
    return Node(metadata["file_type"], metadata["size"], metadata["mode"] & 0o7777, metadata["modified"])


def _steps(path: str) -> list[str]:
    """A folder and those it lies in, the outermost first."""
    found = list[str]()
    while path not in {"/", ""}:
        found.append(path)
        path = posixpath.dirname(path)
    return found[::-1]


def _digest(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=16).hexdigest()
