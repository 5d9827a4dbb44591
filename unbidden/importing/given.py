"""What a user gave to import: files, and folders that may be a stranger's, so that links in them lead nowhere else."""

from collections.abc import Callable, Sequence
from pathlib import Path

from unbidden.errors import BadInputError, NotFoundError

LARGEST = 512 * 2**20
"""Bytes of one file that is read whole. Inspect's own archives are looked at before they are unpacked, whatever their size."""


def given_files(paths: Sequence[Path], below: Callable[[Path], Sequence[Path]], wanted: str) -> list[Path]:
    """The files that were named, and those in the folders that were named; each once, resolved.

    Args:
        paths: Files and folders.
        below: The files of a folder that can be read.
        wanted: What such a file is, for messages.

    Raises:
        NotFoundError: A path that does not exist.
        BadInputError: A folder without such files or with a link that leads out of it, or a file that is too large.
    """
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            files += _within(path.resolve(), below, wanted)
        elif path.is_file():
            files.append(path.resolve())
        else:
            raise NotFoundError(f"there is no {path}", fix=f"Give {wanted}, or a folder of them")
    for file in files:
        if file.suffix != ".eval" and (size := file.stat().st_size) > LARGEST:
            fix = f"Split it: a file of up to {LARGEST // 2**20} MB can be read"
            raise BadInputError(f"a file of {size // 2**20} MB is too large", where=str(file), fix=fix)
    return list(dict.fromkeys(files))


def _within(folder: Path, below: Callable[[Path], Sequence[Path]], wanted: str) -> list[Path]:
    found = below(folder)
    if not found:
        raise BadInputError(f"it holds none of {wanted}", where=str(folder))
    for path in found:
        if not path.is_file():
            raise BadInputError("it is a link that leads nowhere", where=str(path), fix="Remove it")
        if not path.resolve().is_relative_to(folder):
            fix = "Name what it leads to, if you mean to read it"
            raise BadInputError("it is a link that leads out of the folder", where=str(path), fix=fix)
    return [path.resolve() for path in found]
