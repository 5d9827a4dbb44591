"""Files that are written whole or not at all."""

import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

PREFIX, SUFFIX = ".unbidden-", ".part"
"""What the name of a file begins and ends with while it is being written; a killed process leaves it behind."""


@contextmanager
def whole(path: Path) -> Generator[Path]:
    """A file beside the one that is wanted, which takes its place when the block ends well.

    A process that is killed, or a disk that is full, leaves the old file as it was.

    Args:
        path: The file to write; its folder must exist.

    Raises:
        OSError: It cannot be written.
    """
    part = path.with_name(f"{PREFIX}{os.getpid()}-{path.name}{SUFFIX}")
    with part.open("wb") as handle:
        try:
            if path.exists():
                part.chmod(path.stat().st_mode & 0o777)
            yield part
            os.fsync(handle.fileno())
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
