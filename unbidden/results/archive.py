"""Logs that may be damaged or a stranger's: what would take all of a machine's memory is refused, what cannot be read is one error."""

import re
import zlib
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from importlib import import_module
from itertools import accumulate
from pathlib import Path
from zipfile import BadZipFile, ZipFile

import ijson  # pyright: ignore[reportMissingTypeStubs] - there are none
import zstandard
from inspect_ai.log import list_eval_logs
from pydantic_core import from_json

from unbidden.errors import ResultsError

LARGEST, RATIO = 64 * 2**20, 200
"""Logs of less than so many bytes are never refused, and larger ones not unless they are packed more tightly than transcripts are:
those of this package come to 10 to 50 times their packed size."""

MEMBER = 2 * 2**30
"""The most bytes of one member: a sample."""

DEEPEST = 10_000
"""Brackets within brackets of a log; what a subject writes is never so deep."""


def log_files(folder: Path) -> list[Path]:
    """Every log below a folder, the oldest first."""
    found = list_eval_logs(str(folder), descending=False)
    return [Path(info.name.removeprefix("file://")) for info in found]


@contextmanager
def reading(path: Path, *members: str, fix: str | None = None) -> Generator[None]:
    """Around each call of Inspect's that reads a log.

    Args:
        path: The log.
        members: The names of those that will be read; all if none is given.
        fix: What to do about a log that cannot be read.

    Raises:
        ResultsError: The log would unpack to too much, is nested without end, or is damaged.
    """
    must_unpack(path)
    try:
        _must_not_nest_without_end(path, members)
        yield
    except damages() as problem:
        raise ResultsError(f"a log cannot be read ({problem})", where=str(path), fix=fix) from None


def must_unpack(path: Path) -> None:
    """Raises `ResultsError` if a log's members come to more than its size can honestly hold; what is no archive passes."""
    try:
        with ZipFile(path) as archive:
            sizes = [member.file_size for member in archive.infolist()]
    except (OSError, BadZipFile, ValueError, NotImplementedError):
        return  # said by whoever reads it
    packed = max(1, path.stat().st_size)
    if (sum(sizes) > LARGEST and sum(sizes) > RATIO * packed) or any(size > MEMBER for size in sizes):
        raise ResultsError(
            f"a log of {packed} bytes would unpack to {sum(sizes)}",
            where=str(path),
            fix="Do not trust whoever sent it",
        )


def damages() -> tuple[type[Exception], ...]:
    """What reading a damaged log raises."""
    known = (
        AssertionError, AttributeError, TypeError,  # Inspect's reader of text logs takes their form for granted
        OSError, ValueError, KeyError, EOFError, NotImplementedError, RuntimeError,
        BadZipFile, zlib.error, zstandard.ZstdError, ijson.JSONError,
    )  # fmt: skip
    try:  # from Python 3.14 on zipfile decompresses with a module of its own
        own: Mapping[str, type[Exception]] = vars(import_module("compression.zstd"))
    except ImportError:
        return known
    return (*known, own["ZstdError"])


HEAD = ("header.json", "_journal/start.json")
"""The members of a log that say what was run: once it has ended, and while it has not."""

_STRINGS = re.compile(rb'"(?:[^"\\]|\\.)*"')


def _must_not_nest_without_end(path: Path, members: Sequence[str]) -> None:
    """Inspect's reader takes memory with the square of the depth: ten gigabytes for a file of some kilobytes.

    Raises:
        ResultsError: A member is nested deeper than `DEEPEST`.
    """
    with suppress(*damages()), ZipFile(path) as log:
        for name in log.namelist():
            read = name in members if members else name.endswith(".json")
            if read and _depth(log.read(name)) > DEEPEST:
                raise ResultsError(f"a log cannot be read ('{name}' is nested without end)", where=str(path))


def _depth(member: bytes) -> int:
    """Brackets within brackets; zero for what a quick parser takes, which gives up at some hundreds."""
    with suppress(ValueError):
        from_json(member)
        return 0
    marks = _STRINGS.sub(b"", member)
    return max(accumulate(1 if mark in b"[{" else -1 for mark in marks if mark in b"[{]}"), default=0)
